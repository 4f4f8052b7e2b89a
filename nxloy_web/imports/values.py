"""Cells as values. What can be read in two ways is read as the person said, or not at all."""

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from nxloy_web.amounts import Amount, NoAmount, read_amount
from nxloy_web.customers.spelling import clean_tags
from nxloy_web.errors import BusinessRule
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
_NO_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}\.?")
_SHORT_YEAR = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.]\d{2}(\D.*)?")
_YES = {"yes", "y", "true", "t", "1", "x", "ja", "oui", "si", "sí", "subscribed", "on"}
_NO = {"no", "n", "false", "f", "0", "", "nein", "non", "unsubscribed", "not_subscribed", "off"}


class Wrong(BusinessRule):
    message = _("This value cannot be used.")


@lru_cache(maxsize=16384)
def amount(text: str, currency: str, locale: str, decimals: Decimals) -> int:
    """Money in minor units."""
    if text.startswith(("-", "−", "(")):
        raise Wrong(
            _("“%(text)s” is negative; returns cannot be imported as purchases.", text=text)
        )
    found = read_amount(text, currency, locale, decimal_mark=decimals)
    if isinstance(found, NoAmount):
        raise Wrong(found.reason)
    assert isinstance(found, Amount), "with its sign before decimals said, a text has one reading"
    return found.minor


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
    """Several in one cell: with commas as we export them, else with semicolons or bars."""
    separator = next((sign for sign in ",;|" if sign in text), ",")
    return clean_tags(text.split(separator))


def likely_date_order(samples: Iterable[str]) -> DateOrder | None:
    """The order under which most samples are dates; None when two are as likely."""
    texts = [text for text in samples if text.strip()]
    return _most({order: sum(_fits(text, order) for text in texts) for order in DATE_ORDERS})


def likely_decimals(samples: Iterable[str], currency: str, locale: str) -> Decimals | None:
    """The sign before decimals that most samples allow which allow only one; None when some can
    be read in two ways and none says which."""
    both: tuple[Decimals, Decimals] = (".", ",")
    says = dict.fromkeys(both, 0)
    is_open = False
    for text in samples:
        readings = [_amount_or_none(text.strip(), currency, locale, sign) for sign in both]
        if readings[0] == readings[1]:
            continue
        if None in readings:
            says[both[readings.index(None) - 1]] += 1
        else:
            is_open = True
    if says["."] == says[","]:
        return None if is_open or says["."] else "."
    return max(both, key=lambda sign: says[sign])


def _most(fitting: dict[_Way, int]) -> _Way | None:
    first, second, *_others = sorted(fitting.values(), reverse=True)
    return None if first == second else max(fitting, key=lambda way: fitting[way])


def _amount_or_none(text: str, currency: str, locale: str, decimals: Decimals) -> int | None:
    try:
        return amount(text, currency, locale, decimals)
    except Wrong:
        return None


def _match_date(text: str, order: DateOrder) -> re.Match[str]:
    # A year of four digits in front can be only one date, whatever the others look like.
    match = _DATES[order].fullmatch(text.strip()) or _DATES["ymd"].fullmatch(text.strip())
    if match is not None:
        return match
    if _NO_YEAR.fullmatch(text.strip()):
        raise Wrong(_("“%(text)s” has no year.", text=text))
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


def _fits(text: str, order: DateOrder) -> bool:
    """Whether a text is a date written in just this order."""
    match = _DATES[order].fullmatch(text.strip())
    try:
        return match is not None and bool(_day(match, text))
    except Wrong:
        return False
