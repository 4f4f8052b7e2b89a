"""How secrets sent by mail are kept: only as digests, so a copy of the table opens nothing."""

import hashlib
import hmac

from nxloy_web import host


def of_token(token: str) -> str:
    """A token has 256 random bits: nobody can try them all, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


def of_code(user_id: str, code: str) -> str:
    """Six figures are tried in a second, so the digest needs a key that is not in the database."""
    key = str(host.setting("SECRET_KEY")).encode()
    return hmac.new(key, f"sign-in code:{user_id}:{code}".encode(), hashlib.sha256).hexdigest()
