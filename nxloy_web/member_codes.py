"""The code on a customer's card: short enough to read out, too many to guess."""

import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without 0 and O, 1, I and L, which people mix up."""
LENGTH = 8


def new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def shown(code: str) -> str:
    """7K3M9QXW -> 7K3M 9QXW"""
    half = len(code) // 2
    return f"{code[:half]} {code[half:]}" if len(code) == LENGTH else code


def typed(text: str) -> str:
    """The code somebody may have meant: without the space, in capitals."""
    return "".join(text.split()).replace("-", "").upper()


def is_code(text: str) -> bool:
    """Whether somebody has typed or scanned the code of a card."""
    code = typed(text)
    return len(code) == LENGTH and set(code) <= set(ALPHABET)
