"""What stands at the end of a condition: how it is typed, kept, shown again and said.

A value is kept as plain text in one spelling, so that a stored rule needs no setting of the day
to be read: money in minor units, days as ISO dates, tiers by their id.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from nxloy_web.amounts import NotAnAmount, WhichAmount, amount_meant
from nxloy_web.errors import NotUsable
from nxloy_web.money import typed_amount
from nxloy_web.texts import Text, _
from nxloy_web.wording import Wording

LONGEST = 120
MOST = 2_000_000_000
MOST_DAYS = 36_500
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip


class NotAValue(NotUsable):
    """What was typed does not fit the condition."""


class WhichValue(NotAValue):
    """What was typed can be two values; `readings` are their spellings and how they are said."""

    def __init__(self, message: Text, readings: list[tuple[str, str]]) -> None:
        super().__init__(message)
        self.readings = readings


@dataclass(frozen=True)
class Surroundings:
    """What reading and showing a value needs to know of the business."""

    currency: str
    wording: Wording
    tiers: Mapping[str, str] = field(default_factory=dict)
    """Names of the living tiers by id."""


class Value(Protocol):
    @property
    def control(self) -> str:
        """How it is typed: select, number, money, date or text."""

    def parse(self, typed: str, around: Surroundings) -> str:
        """The spelling that is kept. Raises NotAValue with a sentence."""

    def show(self, kept: str, around: Surroundings) -> str:
        """What the form shows for it."""

    def say(self, kept: str, around: Surroundings) -> str:
        """What a sentence says for it."""


@dataclass(frozen=True)
class Choice:
    options: Callable[[Surroundings], Mapping[str, str]]
    missing: str = "no longer there"
    control: str = "select"

    def parse(self, typed: str, around: Surroundings) -> str:
        if typed not in self.options(around):
            raise NotAValue(_("Choose one of the list."))
        return typed

    def show(self, kept: str, around: Surroundings) -> str:
        return kept

    def say(self, kept: str, around: Surroundings) -> str:
        return self.options(around).get(kept, self.missing)


@dataclass(frozen=True)
class Whole:
    unit: str = ""
    least: int = 0
    most: int = MOST
    control: str = "number"

    def parse(self, typed: str, around: Surroundings) -> str:
        digits = typed.replace(" ", "")
        if digits.isascii() and digits.isdecimal() and len(digits) <= 12:
            number = int(digits)
            if self.least <= number <= self.most:
                return str(number)
        raise NotAValue(
            _(
                "Enter a whole number from %(least)s to %(most)s.",
                least=self.least,
                most=self.most,
            )
        )

    def show(self, kept: str, around: Surroundings) -> str:
        return kept

    def say(self, kept: str, around: Surroundings) -> str:
        number = around.wording.number(int(kept))
        unit = self.unit.removesuffix("s") if kept == "1" else self.unit
        return f"{number} {unit}".strip()


@dataclass(frozen=True)
class Money:
    control: str = "money"

    def parse(self, typed: str, around: Surroundings) -> str:
        try:
            return str(amount_meant(typed, around.currency, around.wording.locale))
        except WhichAmount as question:
            kept = [str(minor) for minor in question.minors]
            readings = [(each, self.say(each, around)) for each in kept]
            raise WhichValue(question.message, readings) from None
        except NotAnAmount as error:
            raise NotAValue(error.message) from None

    def show(self, kept: str, around: Surroundings) -> str:
        return typed_amount(int(kept), around.currency, around.wording.locale)

    def say(self, kept: str, around: Surroundings) -> str:
        return around.wording.money(int(kept), around.currency)


@dataclass(frozen=True)
class Day:
    control: str = "date"

    def parse(self, typed: str, around: Surroundings) -> str:
        try:
            day = date.fromisoformat(typed)
        except ValueError:
            raise NotAValue(_("Enter a day, like 2026-03-31.")) from None
        if not 1900 <= day.year <= 2200:
            raise NotAValue(_("Enter a day between 1900 and 2200."))
        return day.isoformat()

    def show(self, kept: str, around: Surroundings) -> str:
        return kept

    def say(self, kept: str, around: Surroundings) -> str:
        return around.wording.day(date.fromisoformat(kept))


@dataclass(frozen=True)
class Tag:
    control: str = "text"

    def parse(self, typed: str, around: Surroundings) -> str:
        tag = " ".join(typed.lstrip("#").split())
        if not tag:
            raise NotAValue(_("Enter a tag."))
        if len(tag) > 60:
            raise NotAValue(_("A tag has at most 60 characters."))
        return tag

    def show(self, kept: str, around: Surroundings) -> str:
        return kept

    def say(self, kept: str, around: Surroundings) -> str:
        return kept
