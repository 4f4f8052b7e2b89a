"""Passwords: Argon2id with the parameters OWASP names for servers, and what we refuse."""

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

SHORTEST, LONGEST = 10, 200

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_nobodys = _hasher.hash("the password of somebody who is not here")
_WELL_KNOWN = {
    "1234567890", "12345678910", "0123456789", "0987654321", "9876543210", "1q2w3e4r5t",
    "1qaz2wsx3edc", "iloveyou123", "letmein123", "password12", "password123", "password1234",
    "passwort123", "qwerty12345", "qwertyuiop", "welcome123", "administrator",
}  # fmt: skip


def hashed(password: str) -> str:
    return _hasher.hash(_typed(password))


def fits(password_hash: str | None, password: str) -> bool:
    """Whether the password is right. Takes as long for somebody who has none."""
    try:
        _hasher.verify(password_hash or _nobodys, _typed(password))
    except (VerifyMismatchError, InvalidHashError):
        return False
    return password_hash is not None


def is_outdated(password_hash: str) -> bool:
    return _hasher.check_needs_rehash(password_hash)


def objection(password: str, *own_words: str) -> str | None:
    """Why this cannot be a password, as a sentence. `own_words` are a person's name and address."""
    if len(password) < SHORTEST:
        return f"Use at least {SHORTEST} characters. A few words in a row are good."
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters."
    plain = _typed(password).casefold()
    if plain in _WELL_KNOWN or len(set(plain)) < 4:
        return "Too many people use this password. Choose one only you would think of."
    if any(plain == word.casefold() for word in own_words if word):
        return "This is your name or address. Choose something nobody can look up."
    return None


def _typed(password: str) -> str:
    # The same keys give different bytes on different systems.
    return unicodedata.normalize("NFKC", password)
