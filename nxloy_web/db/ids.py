"""Row ids: cuid strings of version 1, 25 characters, ordered by time. Ids are never secrets."""

import itertools
import os
import secrets
import socket
import time

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
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


def is_id(value: str) -> bool:
    return len(value) == 25 and value[0] == "c" and all(c in _DIGITS for c in value)


def _process() -> str:
    # Read at every call: a worker forked after the import must not share its parent's mark.
    host = sum(map(ord, socket.gethostname())) + len(socket.gethostname()) + 36
    return _base36(os.getpid() % 36**2, 2) + _base36(host % 36**2, 2)


def _base36(number: int, width: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits.rjust(width, "0")[-width:]
