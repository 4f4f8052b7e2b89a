"""Names in templates: a wrong one fails, and what layouts may do without has a home."""

import logging
from types import MappingProxyType

from flask import Flask
from jinja2 import ChainableUndefined, StrictUndefined, make_logging_undefined

log = logging.getLogger(__name__)

NOTHING_AROUND = MappingProxyType(
    {
        "place": None,
        "nav": (),
        "setup": None,
        "toasts": (),
        "is_refused": False,
        "theme": "",
        "theme_css": None,
        "theme_url": None,
        "user_name": "",
        "home_url": "/",
        "palette_url": None,
        "counter_url": None,
        "switch_url": None,
        "account_url": None,
        "operator_url": None,
        "sign_out_url": None,
    }
)
"""All that the layouts draw around a page, for pages that have nothing of it."""


def init_app(app: Flask) -> None:
    """Let a wrong name fail in tests and for developers (TESTING, DEBUG).

    Elsewhere it is written to the log and draws nothing: a word that is missing must not take a
    page away from somebody at the counter.
    """
    app.jinja_env.undefined = (
        StrictUndefined
        if app.testing or app.debug
        else make_logging_undefined(log, base=ChainableUndefined)
    )
