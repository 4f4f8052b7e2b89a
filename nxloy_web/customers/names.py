"""Names as search sees them: one spelling for Zoë, ZOE and zoe, and the words a name is made of.

Kept in columns with byte order, because `lower()`, `LIKE` and trigrams cannot use an index under
row-level security; the beginning of a word is then an index range.
"""

import re
import unicodedata
from collections.abc import Iterable

MOST_WORDS = 16
LONGEST_WORD = 60
LAST_CHARACTER = "\U0010ffff"
"""Sorts after every text that goes on: `word >= 'zo' AND word < 'zo' + LAST_CHARACTER`."""

# Letters that are no base letter with an accent, so that decomposing leaves them as they are.
_LATIN = str.maketrans(
    {
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u0131": "i",
        "ħ": "h",
    }
)
_APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")


def fold(text: str) -> str:
    """Small letters without accents. Letters of other scripts stay, with the marks they need.

    Only the accents of Latin, Greek and Cyrillic go: in Thai or Devanagari the combining marks
    are vowels.
    """
    small = unicodedata.normalize("NFKD", text).casefold()
    plain = "".join(
        c for c in unicodedata.normalize("NFKD", small) if not "\u0300" <= c <= "\u036f"
    )
    return " ".join(unicodedata.normalize("NFC", plain).translate(_LATIN).split())


def words(text: str) -> list[str]:
    """The words of a text, folded, in order: what somebody may type the beginning of."""
    folded = fold(_APOSTROPHES.sub("", text))
    return [word[:LONGEST_WORD] for word in _split(folded)][:MOST_WORDS]


def name_words(
    first_name: str | None, last_name: str | None, tags: Iterable[str] = ()
) -> list[str]:
    """Everything a customer is found by, each once. O'Brien is found by obrien and by brien.

    Tags stand among them as #tag; no word of a name begins with that sign.
    """
    name = " ".join(part for part in (first_name, last_name) if part)
    pieces = _split(fold(_APOSTROPHES.sub(" ", name)))
    found = dict.fromkeys(words(name))
    found |= dict.fromkeys(piece[:LONGEST_WORD] for piece in pieces if len(piece) > 1)
    return [*list(found)[:MOST_WORDS], *dict.fromkeys(tag_word(tag) for tag in tags)]


def tag_word(tag: str) -> str:
    """How a tag stands among the words: VIP and vip are one."""
    return "#" + fold(tag)[:LONGEST_WORD]


def name_norm(first_name: str | None, last_name: str | None, otherwise: str | None = None) -> str:
    """What lists sort by: the name as it is shown, or what is shown in its place."""
    name = " ".join(part for part in (first_name, last_name) if part)
    return fold(name or otherwise or "")


def _split(folded: str) -> list[str]:
    # Not a regular expression: its \w leaves out the vowel marks of Indic scripts.
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return kept.split()
