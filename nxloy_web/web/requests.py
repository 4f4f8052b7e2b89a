"""Requests as views get them: with arguments and fields that are fit to be used."""

import re
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from htmx_flask.requests import HtmxAwareRequest

from nxloy_web.web.arguments import Arguments


class NxRequest(HtmxAwareRequest):
    """Flask's request with htmx's headers, and texts without NUL."""

    parameter_storage_class = Arguments
    query_string: bytes

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # Browsers send ASCII. Other bytes are no reason to fail at: they become what they would
        # have been sent as.
        sent: bytes = self.query_string
        self.query_string = re.sub(rb"[\x80-\xff]", _percent, sent)

    @property
    def query(self) -> str:
        """The address behind its question mark, to go on with: as it was understood."""
        return urlencode(list(self.args.items(multi=True)))


def init_app(app: Flask) -> None:
    """After htmx-flask, which sets a class of its own."""
    app.request_class = NxRequest


def _percent(byte: re.Match[bytes]) -> bytes:
    return b"%%%02X" % ord(byte[0])
