"""What the product says to people: sentences that are written out when somebody reads them.

    raise OutOfStock(_("%(reward)s is out of stock.", reward=reward.name))

A marked sentence is found by Babel's extractor, so it is whole, it stands in the call itself, and
what changes in it are named parts: never an f-string, a variable or two pieces put together. A
percent sign is written `%%`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from babel.numbers import format_decimal
from babel.support import NullTranslations, Translations

from nxloy_web.bidi import isolated

ENGLISH = "en"
"""The language the sentences are written in."""

CATALOGUES = Path(__file__).parent / "translations"
"""Where Babel looks for other languages: <locale>/LC_MESSAGES/messages.mo. There are none yet."""

_locale: ContextVar[str] = ContextVar("locale", default=ENGLISH)


@dataclass(frozen=True, eq=False, slots=True)
class Text:
    """A sentence with its parts. `str()` writes it out for the locale in scope.

    It equals the text it is written out as. It is no `str` and cannot be added to one: a sentence
    that is glued together cannot be translated.
    """

    message: str
    plural: str | None = None
    count: int = 1
    parts: "dict[str, Part]" = field(default_factory=dict)

    def __str__(self) -> str:
        here = translations()
        if self.plural is None:
            sentence = here.gettext(self.message)
        else:
            sentence = here.ngettext(self.message, self.plural, self.count)
        return sentence % written(self.parts)

    def __repr__(self) -> str:
        return f"Text({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other) if isinstance(other, Text | str) else NotImplemented

    def __hash__(self) -> int:
        return hash(str(self))


Part = str | int | Text
"""A whole number is written as the locale has it. A `str` stays as it is: what is no amount, like
a year, and what was written already. A name from right to left gets a border."""


def _(message: str, /, **parts: Part) -> Text:
    """One sentence."""
    return Text(message, parts=parts)


def ngettext(one: str, many: str, count: int, /, **parts: Part) -> Text:
    """One sentence that goes by a number, which it may name as %(num)s."""
    return Text(one, many, count, {"num": count, **parts})


@contextmanager
def speaking(locale: str) -> Iterator[None]:
    """Write texts out for this locale until the block ends."""
    token = _locale.set(locale)
    try:
        yield
    finally:
        _locale.reset(token)


def speak(locale: str) -> None:
    """Go on in this locale until the block of `speaking` around it ends."""
    _locale.set(locale)


def translations() -> NullTranslations:
    """The catalogue of the locale in scope; without one, sentences stay as they are."""
    return _catalogue(CATALOGUES, _locale.get())


def written(parts: dict[str, Part]) -> dict[str, str]:
    """The parts of a sentence as the locale in scope writes them."""
    locale = _locale.get()
    return {name: _written(part, locale) for name, part in parts.items()}


def _written(part: Part, locale: str) -> str:
    if isinstance(part, int):
        return format_decimal(part, locale=locale)
    if type(part) is str:
        return isolated(part)
    return part if isinstance(part, str) else str(part)  # Markup stays what it is


@cache
def _catalogue(folder: Path, locale: str) -> NullTranslations:
    return Translations.load(folder, [locale])
