"""Addresses that came from a form or a query string, kept to this site."""

from urllib.parse import urlsplit


def local_path(given: str | None, otherwise: str) -> str:
    """`given` when it is a path of this site, else `otherwise`: never a way to another host."""
    if not given or not given.startswith("/") or given.startswith("//"):
        return otherwise
    # Browsers read a backslash as a slash, and drop tabs and line ends: "/\\evil" leaves the site.
    if "\\" in given or any(ord(character) < 32 for character in given):
        return otherwise
    parts = urlsplit(given)
    return otherwise if parts.scheme or parts.netloc else given
