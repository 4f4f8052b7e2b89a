"""Codes of redemptions: shown by the customer, typed or scanned by staff.

Six characters out of thirty make 729 million codes a business; only the open ones mean anything,
and only to somebody signed in to its desk.
"""

import re
import secrets

PREFIX = "NX-"
LENGTH = 6
# Without 0 O, 1 I L and U: what a cashier misreads, and what spells words.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_code() -> str:
    """A code like NX-7K3M9Q that nobody can guess."""
    return PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def as_stored(typed: str) -> str:
    """A code as people type it, in the one spelling that is stored."""
    plain = re.sub(r"[^A-Z0-9]", "", typed.upper())
    body = plain[2:] if len(plain) == LENGTH + 2 and plain.startswith("NX") else plain
    return PREFIX + body
