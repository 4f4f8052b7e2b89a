"""Names as search sees them: one spelling for Zoë, ZOE and zoe, and the words a name is made of.

Some letters are written in two ways by the people themselves: Müller, Mueller and Muller, Søren
and Soeren. A word is kept in each of these spellings, and looked for in the shortest one.

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
_LETTERS = str.maketrans(
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
        "\N{ARABIC LETTER ALEF WASLA}": "\N{ARABIC LETTER ALEF}",
        "\N{ARABIC LETTER TEH MARBUTA}": "\N{ARABIC LETTER HEH}",
        "\N{ARABIC LETTER ALEF MAKSURA}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER FARSI YEH}": "\N{ARABIC LETTER YEH}",
        "\N{ARABIC LETTER KEHEH}": "\N{ARABIC LETTER KAF}",
        "\N{ARABIC LETTER HAMZA}": None,
        "\N{ARABIC TATWEEL}": None,
    }
)
# What people may leave out: accents of Latin, Greek and Cyrillic, vowel signs of Hebrew and Arabic,
# and the hamza that decomposing takes off an Arabic letter.
_LEFT_OUT = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670]")
_TWO_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
_ONE_SOUND = re.compile("(a)[ea](?=[b-df-hj-np-tv-z])|([ou])e(?=[b-df-hj-np-tv-z])")
"""Not before a vowel or at the end, where it is mostly no such letter: Zoe, Joe, Noelia… Before
others it may be none either (Samuel): then both spellings are found."""
_APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")


def fold(text: str) -> str:
    """Small letters without what people leave out. Letters of other scripts stay, with the marks
    they need: in Thai or Devanagari the combining marks are vowels.
    """
    small = unicodedata.normalize("NFKD", text).casefold()
    plain = _LEFT_OUT.sub("", unicodedata.normalize("NFKD", small))
    return " ".join(unicodedata.normalize("NFC", plain).translate(_LETTERS).split())


def words(text: str) -> list[str]:
    """The words of what somebody types, in the spelling in which they are looked for."""
    return list(map(_shortest, _folded_words(text)))


def name_words(
    first_name: str | None, last_name: str | None, tags: Iterable[str] = ()
) -> list[str]:
    """Everything a customer is found by, each once. O'Brien is found by obrien and by brien.

    Tags stand among them as #tag; no word of a name begins with that sign.
    """
    name = " ".join(part for part in (first_name, last_name) if part)
    pieces = _split(fold(_APOSTROPHES.sub(" ", name)))
    found = dict.fromkeys(_folded_words(name))
    found |= dict.fromkeys(piece[:LONGEST_WORD] for piece in pieces if len(piece) > 1)
    plain = list(found)[:MOST_WORDS]
    spelled = [*plain, *_folded_words(_in_two_letters(name)), *map(_shortest, plain)]
    return [*dict.fromkeys(spelled), *dict.fromkeys(tag_word(tag) for tag in tags)]


def tag_word(tag: str) -> str:
    """How a tag stands among the words: VIP and vip are one."""
    return "#" + fold(tag)[:LONGEST_WORD]


def name_norm(first_name: str | None, last_name: str | None, otherwise: str | None = None) -> str:
    """What lists sort by: the name as it is shown, or what is shown in its place."""
    name = " ".join(part for part in (first_name, last_name) if part)
    return fold(name or otherwise or "")


def _folded_words(text: str) -> list[str]:
    folded = fold(_APOSTROPHES.sub("", text))
    return [word[:LONGEST_WORD] for word in _split(folded)][:MOST_WORDS]


def _in_two_letters(name: str) -> str:
    """Müller as Mueller, Søren as Soeren, Åse as Aase."""
    small = unicodedata.normalize("NFC", name).casefold()
    return "".join(_TWO_LETTERS.get(letter, letter) for letter in small)


def _shortest(word: str) -> str:
    """Mueller as Muller: one letter where people write one or two for the same sound."""
    return _ONE_SOUND.sub(r"\1\2", word)


def _split(folded: str) -> list[str]:
    # Not a regular expression: its \w leaves out the vowel marks of Indic scripts.
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in folded)
    return kept.split()
