"""The word a business has in its addresses. It never changes: it is printed on posters."""

import re
import unicodedata

SHORTEST, LONGEST = 3, 40

_SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d", "&": "-"})


def proposal(name: str) -> str:
    """The name in small letters, figures and hyphens; empty when nothing of it is left."""
    folded = unicodedata.normalize("NFKD", name.casefold().translate(_LETTERS))
    plain = "".join(c for c in folded if not unicodedata.combining(c)).replace("'", "")
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:LONGEST].strip("-")
    return slug if len(slug) >= SHORTEST else f"{slug}-shop" if slug else ""


def others(slug: str) -> list[str]:
    """What else it could be when it is taken."""
    root = slug[: LONGEST - 3].rstrip("-")
    return [f"{root}-{number}" for number in range(2, 10)]


def objection(slug: str) -> str | None:
    """Why this cannot be a slug, as a sentence."""
    if len(slug) < SHORTEST:
        return f"Use at least {SHORTEST} letters or figures."
    if len(slug) > LONGEST:
        return f"Use at most {LONGEST} letters and figures."
    if not _SLUG.match(slug):
        return "Use small letters from a to z, figures, and single hyphens between them."
    return None
