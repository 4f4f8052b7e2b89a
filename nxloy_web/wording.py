"""How numbers, money, days and moments are written: in pages, letters and refusals alike.

Figures are written as the business writes them: in its locale, on its clock. Words ("2 minutes
ago") are words of the product, which speaks English.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal

from nxloy_web.money import shown_amount

LANGUAGE = "en"
JUST_NOW, HOUR, DAY = 10, 3_600, 86_400


@dataclass(frozen=True)
class Wording:
    """How one business writes."""

    zone: ZoneInfo
    locale: str

    def number(self, value: int | Decimal) -> str:
        """12345 -> 12,345"""
        return _number(value, self.locale)

    def signed(self, value: int) -> str:
        """+42, −7: with a real minus sign."""
        return ("+" if value > 0 else "−" if value < 0 else "") + self.number(abs(value))

    def money(self, amount_minor: int, currency: str) -> str:
        """1250, EUR -> €12.50"""
        return _money(amount_minor, currency, self.locale)

    def day(self, value: date | datetime) -> str:
        """12 Dec 2026"""
        return _date(self._date(value), "d MMM y", self.locale)

    def full_day(self, value: date | datetime) -> str:
        """12 December 2026"""
        return _date(self._date(value), "d MMMM y", self.locale)

    def last_day(self, end: datetime) -> str:
        """The last good day before an exclusive end: the first instant of 12 December is the end
        of "11 December 2026". An end within a day keeps its time: "11 December 2026, 18:00"."""
        last = self._date(end - timedelta(microseconds=1))
        if last != self._date(end):
            return self.full_day(last)
        return f"{self.full_day(last)}, {end.astimezone(self.zone):%H:%M}"

    def stamp(self, value: datetime) -> str:
        """12 Dec 2026, 14:30"""
        local = value.astimezone(self.zone)
        return _minute(local.replace(second=0, microsecond=0, tzinfo=None), self.locale)

    def duration(self, value: timedelta) -> str:
        """38 min, 2 hr"""
        return format_timedelta(value, format="short", threshold=1.5, locale=LANGUAGE)

    def when(self, value: datetime, at: datetime) -> str:
        """How long ago within a day, else the day."""
        return ago(value, at) or self.day(value)

    def when_in_a_sentence(self, value: datetime, at: datetime) -> str:
        """The same after a verb: (approved this) "2 minutes ago", "on 12 December 2026"."""
        return ago(value, at) or f"on {self.full_day(value)}"

    def _date(self, value: date | datetime) -> date:
        return value.astimezone(self.zone).date() if isinstance(value, datetime) else value


@lru_cache(256)
def wording(timezone: str, locale: str) -> Wording:
    """The same one for every request of a business."""
    return Wording(ZoneInfo(timezone), locale or LANGUAGE)


PLAIN = wording("UTC", LANGUAGE)
"""Where no business is at hand."""


def ago(value: datetime, at: datetime) -> str:
    """2 minutes ago, in 3 hours; nothing when it is a day or more away."""
    seconds = round((value - at).total_seconds())
    if abs(seconds) >= DAY:
        return ""
    # Whole minutes say the same, and most of a list share them.
    return _gap(seconds if abs(seconds) < HOUR else round(seconds / 60) * 60)


# A list writes the same few things again and again, and Babel takes its time over each.
@lru_cache(8192)
def _number(value: int | Decimal, locale: str) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(8192)
def _money(amount_minor: int, currency: str, locale: str) -> str:
    return shown_amount(amount_minor, currency, locale)


@lru_cache(4096)
def _date(value: date, pattern: str, locale: str) -> str:
    return format_date(value, pattern, locale=locale)


@lru_cache(8192)
def _minute(local: datetime, locale: str) -> str:
    return format_datetime(local, "d MMM y, HH:mm", locale=locale)


@lru_cache(4096)
def _gap(seconds: int) -> str:
    if -JUST_NOW < seconds <= 0:
        return "just now"
    return format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=LANGUAGE)
