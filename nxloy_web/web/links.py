"""Addresses that leave the page or come from outside it."""

from typing import Any
from urllib.parse import urlsplit

from flask import current_app, url_for

LONGEST_PATH = 500


def absolute(endpoint: str, **values: Any) -> str:
    """For mails and QR codes. From BASE_URL, never from the Host header, which a stranger can
    set to his own server when he asks for somebody's reset link."""
    return str(current_app.config["BASE_URL"]).rstrip("/") + url_for(endpoint, **values)


def local_path(wanted: str | None) -> str | None:
    """`wanted` when it is a page of ours, else None: nobody is sent elsewhere after signing in."""
    if not wanted or len(wanted) > LONGEST_PATH or not wanted.startswith("/"):
        return None
    # Browsers read //host and /\host as another server, and skip line breaks and tabs.
    if wanted[1:2] in ("/", "\\") or any(ord(c) < 32 or c == "\\" for c in wanted):
        return None
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return None
    return None if parts.scheme or parts.netloc else wanted
