"""Names that are written from right to left, in sentences that are written from left to right.

Without a border around it such a name pulls the numbers and signs beside it to its own side. In
HTML a name stands in `<bdi>`; where no element can stand (in attributes, letters, toasts and
sentences that were put together) two invisible characters do the same.
"""

import re

BEGIN, END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefe\U00010800-\U00010fff\U0001e800-\U0001efff"
_RUN = re.compile(f"[{_RIGHT}](?:[^{_RIGHT}A-Za-z\u00c0-\u058f<>{{}}]*[{_RIGHT}])*")
_LEFT = re.compile("[A-Za-z\u00c0-\u024f\u0370-\u058f]")
_BORDERS = re.compile("[\u2066-\u2069]")


def isolated(text: str) -> str:
    """The text with a border around everything that is written from right to left."""
    if text.isascii() or BEGIN in text:
        return text
    return _RUN.sub(lambda run: f"{BEGIN}{run[0]}{END}", text)


def is_mixed(text: str) -> bool:
    """Whether both directions stand in it."""
    return not text.isascii() and bool(_RUN.search(text)) and bool(_LEFT.search(text))


def without_borders(text: str) -> str:
    """What somebody has copied from a page, as it was written."""
    return text if text.isascii() else _BORDERS.sub("", text)
