"""Cells for spreadsheets: what would run as a formula is kept from it, and read back as it was."""

import unicodedata

# Source: OWASP, CSV injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def as_text(text: str) -> str:
    """An apostrophe before what a spreadsheet would run, and before what looks so protected."""
    return f"'{text}" if _would_run(text.lstrip("'")) else text


def read_back(text: str) -> str:
    """The text that `as_text` was given. Other programs protect phone numbers the same way."""
    return text[1:] if text.startswith("'") and _would_run(text.lstrip("'")) else text


def _would_run(text: str) -> bool:
    # A spreadsheet set to Japanese or Chinese reads full-width signs alike.
    return unicodedata.normalize("NFKC", text[:1]) in _FORMULA
