"""Row ids: cuid strings of version 1, 25 characters, ordered by time. Ids are never secrets."""

import itertools
import os
import re
import secrets
import socket
import time
from functools import cache

ID_PATTERN = "c[0-9a-z]{24}"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_PAIRS = [first + second for first in _DIGITS for second in _DIGITS]
_BLOCK = 36**4
_counter = itertools.count(secrets.randbelow(_BLOCK))


def new_id() -> str:
    """`c`, milliseconds (8), counter (4), process (4), random (8), all base 36."""
    return (
        "c"
        + _base36(time.time_ns() // 1_000_000, 8)
        + _base36(next(_counter) % _BLOCK, 4)
        + _process()
        + _base36(secrets.randbelow(36**8), 8)
    )


def first_id_at(seconds: float) -> str:
    """Before every id made at this moment (seconds since 1970) or later, after all earlier ones."""
    return "c" + _base36(int(seconds * 1000), 8)


def is_id(value: str) -> bool:
    return re.fullmatch(ID_PATTERN, value) is not None


def _process() -> str:
    # The process is asked at every call: a worker forked after the import must not share its
    # parent's mark.
    return _base36(os.getpid() % 36**2, 2) + _host()


@cache
def _host() -> str:
    name = socket.gethostname()
    return _base36((sum(map(ord, name)) + len(name) + 36) % 36**2, 2)


def _base36(number: int, width: int) -> str:
    """The last `width` digits; widths are even, so two digits are looked up at a time."""
    digits = ""
    for _ in range(width // 2):
        number, rest = divmod(number, 36**2)
        digits = _PAIRS[rest] + digits
    return digits
