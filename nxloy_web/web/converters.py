"""What may stand between the slashes of an address. Anything else is no address of ours: 404."""

from flask import Flask
from werkzeug.routing import BaseConverter, UnicodeConverter

from nxloy_web.db.ids import ID_PATTERN

LONGEST_PART = 500
"""Signed tokens are the longest that stand in an address."""


class IdConverter(BaseConverter):
    """The id of a row: `/customers/<id:customer_id>`."""

    regex = ID_PATTERN


class PartConverter(UnicodeConverter):
    """Slugs, tokens and the like: without NUL, which PostgreSQL keeps nowhere, and bounded."""

    part_isolating = True

    def __init__(self, *args: object, **options: object) -> None:
        super().__init__(*args, **options)  # type: ignore[arg-type]
        self.regex = rf"[^/\x00]{{1,{LONGEST_PART}}}"


def init_app(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter
    app.url_map.converters["default"] = PartConverter
