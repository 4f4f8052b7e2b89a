"""Cells as values. What can be read in two ways is read as the person said, or not at all."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision, get_currency_symbol

from nxloy_web.errors import BusinessRule
from nxloy_web.money import MOST_MINOR
from nxloy_web.texts import _

DateOrder = Literal["ymd", "dmy", "mdy"]
Decimals = Literal[".", ","]
_Way = TypeVar("_Way", bound=str)

DATE_ORDERS: dict[DateOrder, str] = {
    "ymd": "2026-12-31 (year first)",
    "dmy": "31/12/2026 (day first)",
    "mdy": "12/31/2026 (month first)",
}
OLDEST = date(1970, 1, 1)

_TIME = (
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d{1,9})?)?"
    r"(?: ?(?P<half>[AaPp][Mm]))?)?(?: ?(?P<zone>Z|UTC|[+-]\d{2}:?\d{2}))?"
)
_DATES = {
    "ymd": re.compile(r"(?P<y>\d{4})([-/.])(?P<m>\d{1,2})\2(?P<d>\d{1,2})" + _TIME, re.ASCII),
    "dmy": re.compile(r"(?P<d>\d{1,2})([-/.])(?P<m>\d{1,2})\2(?P<y>\d{4})" + _TIME, re.ASCII),
    "mdy": re.compile(r"(?P<m>\d{1,2})([-/.])(?P<d>\d{1,2})\2(?P<y>\d{4})" + _TIME, re.ASCII),
}
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(\D.*)?")
_SPACES = " \u00a0\u202f\u2009'’"
_YES = {"yes", "y", "true", "t", "1", "x", "ja", "oui", "si", "sí", "subscribed", "on"}
_NO = {"no", "n", "false", "f", "0", "", "nein", "non", "unsubscribed", "not_subscribed", "off"}


class Wrong(BusinessRule):
    message = _("This value cannot be used.")


@lru_cache(maxsize=16384)
def amount(text: str, currency: str, decimals: Decimals) -> int:
    """Money in minor units. The separator of thousands must stand before groups of three."""
    bare = _without_currency(text.strip(), currency)
    if bare.startswith(("-", "−", "(")):
        raise Wrong(
            _("“%(text)s” is negative; returns cannot be imported as purchases.", text=text)
        )
    thousands = "," if decimals == "." else "."
    match = _amount_pattern(decimals).fullmatch(bare)
    if match is None:
        raise Wrong(
            _(
                "“%(text)s” is not an amount with “%(decimals)s” before the decimals"
                " and “%(thousands)s” between thousands.",
                text=text,
                decimals=decimals,
                thousands=thousands,
            )
        )
    places = get_currency_precision(currency)
    whole = re.sub(r"\D", "", match["whole"])
    part = match["part"] or ""
    if len(part) > max(places, 3):
        part = part.rstrip("0")  # 12.5000; but the three digits of 52,620 may be thousands
    if len(part) > places:
        raise Wrong(
            _(
                "“%(text)s” has %(decimals)s decimals; %(currency)s has %(places)s.",
                text=text,
                decimals=len(part),
                currency=currency,
                places=places,
            )
        )
    minor = int(whole + part.ljust(places, "0"))
    if minor > MOST_MINOR:
        raise Wrong(_("“%(text)s” is larger than one purchase can be.", text=text))
    return minor


@lru_cache(maxsize=4096)
def instant(text: str, order: DateOrder, zone: str) -> datetime:
    """A moment in UTC. A day alone is its first moment, a time without a zone the business's."""
    match = _match_date(text, order)
    moment = datetime.combine(_day(match, text), _time_of_day(match, text))
    if moment.date() < OLDEST:
        raise Wrong(_("“%(text)s” lies before 1970.", text=text))
    if match["zone"]:
        shift = match["zone"].replace("UTC", "Z")
        return datetime.fromisoformat(f"{moment.isoformat()}{shift}").astimezone(UTC)
    return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def day(text: str, order: DateOrder) -> date:
    return _day(_match_date(text, order), text)


def yes_or_no(text: str) -> bool:
    word = text.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Wrong(_("“%(text)s” is neither yes nor no.", text=text))


def whole_number(text: str) -> int | None:
    if not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        number = -1
    if number < 0 or number != int(number) or number > 1_000_000:
        raise Wrong(_("“%(text)s” is not a number of items.", text=text))
    return int(number)


def tags(text: str) -> list[str]:
    found = dict.fromkeys(tag.strip() for tag in re.split(r"[,;|]", text) if tag.strip())
    if len(found) > 20 or any(len(tag) > 40 for tag in found):
        raise Wrong(_("At most 20 tags, each of at most 40 characters."))
    return list(found)


def likely_date_order(samples: Iterable[str]) -> DateOrder | None:
    """The order under which most samples are dates; None when two are as likely."""
    texts = [text for text in samples if text.strip()]
    return _most({order: sum(_is_date(text, order) for text in texts) for order in DATE_ORDERS})


def likely_decimals(samples: Iterable[str], currency: str) -> Decimals | None:
    """The reading under which most samples are amounts, or either when both say the same."""
    texts = [text for text in samples if text.strip()]
    both: tuple[Decimals, Decimals] = (".", ",")
    readings = {sign: [_amount_or_none(text, currency, sign) for text in texts] for sign in both}
    if readings["."] == readings[","] and any(value is not None for value in readings["."]):
        return "."
    return _most({sign: len(texts) - readings[sign].count(None) for sign in both})


def _most(fitting: dict[_Way, int]) -> _Way | None:
    first, second, *_others = sorted(fitting.values(), reverse=True)
    return None if first == second else max(fitting, key=lambda way: fitting[way])


def _without_currency(text: str, currency: str) -> str:
    symbol = get_currency_symbol(currency, locale="en")
    for mark in (currency, currency.lower(), symbol, symbol[-1]):
        text = text.removeprefix(mark).removesuffix(mark)
    text = text.strip(_SPACES)
    letters = "".join(character for character in text if character.isalpha())
    if letters or any(sign in text for sign in "€$£¥"):
        raise Wrong(
            _(
                "“%(text)s” is not an amount in %(currency)s, the currency of this business.",
                text=text,
                currency=currency,
            )
        )
    return text


@lru_cache(maxsize=2)
def _amount_pattern(decimals: Decimals) -> re.Pattern[str]:
    thousands = re.escape(("," if decimals == "." else ".") + _SPACES)
    return re.compile(
        rf"(?P<whole>\d{{1,13}}|\d{{1,3}}(?P<by>[{thousands}])\d{{3}}(?:(?P=by)\d{{3}})*)"
        rf"(?:{re.escape(decimals)}(?P<part>\d*))?",
        re.ASCII,
    )


def _amount_or_none(text: str, currency: str, decimals: Decimals) -> int | None:
    try:
        return amount(text, currency, decimals)
    except Wrong:
        return None


def _match_date(text: str, order: DateOrder) -> re.Match[str]:
    match = _DATES[order].fullmatch(text.strip())
    if match is not None:
        return match
    if _SHORT_YEAR.fullmatch(text.strip()):
        raise Wrong(_("“%(text)s” needs its year in four digits.", text=text))
    example = DATE_ORDERS[order].split()[0]
    raise Wrong(_("“%(text)s” is not a date like %(example)s.", text=text, example=example))


def _day(match: re.Match[str], text: str) -> date:
    try:
        return date(int(match["y"]), int(match["m"]), int(match["d"]))
    except ValueError:
        raise Wrong(
            _("“%(text)s” is not a day of the calendar in this order.", text=text)
        ) from None


def _time_of_day(match: re.Match[str], text: str) -> time:
    hour, half = int(match["hour"] or 0), (match["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise Wrong(_("“%(text)s” is not a time of day.", text=text))
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    try:
        return time(hour, int(match["minute"] or 0), int(match["second"] or 0))
    except ValueError:
        raise Wrong(_("“%(text)s” is not a time of day.", text=text)) from None


def _is_date(text: str, order: DateOrder) -> bool:
    try:
        day(text, order)
    except Wrong:
        return False
    return True
