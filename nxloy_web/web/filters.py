"""How figures, money and time are written. Formatting lives here, never in a view."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_currency, format_decimal, get_currency_precision
from flask import Flask, g, has_request_context
from markupsafe import Markup, escape

from nxloy_web import clock

UTC_ZONE = ZoneInfo("UTC")
JUST_NOW, HOUR, DAY = 10, 3_600, 86_400


def init_app(app: Flask) -> None:
    filters: dict[str, Callable[..., object]] = {
        "points": points,
        "signed": signed,
        "money": money,
        "when": when,
        "stamp": stamp,
        "day": day,
        "label": label,
        "subject": subject,
        "sentence": sentence,
    }
    for name, function in filters.items():
        app.add_template_filter(function, name)


def points(value: int | Decimal | None) -> str:
    """12345 -> 12,345"""
    return "—" if value is None else _decimal(value, _locale())


def signed(value: int) -> str:
    """+42, −7: with a real minus sign."""
    return ("+" if value > 0 else "−" if value < 0 else "") + points(abs(value))


def money(amount_minor: int | None, currency: str) -> str:
    """1250, EUR -> €12.50; minor units as the currency has them."""
    if amount_minor is None:
        return "—"
    return _amount(amount_minor, currency, _locale())


def when(value: datetime | None) -> Markup | str:
    """A moment: how long ago within a day, else the day, on the business's clock."""
    if value is None:
        return "—"
    zone, locale = _here()
    seconds = round((value - clock.now()).total_seconds())
    if abs(seconds) < DAY:
        # Whole minutes say the same, and most of a list share them.
        text = _gap(seconds if abs(seconds) < HOUR else round(seconds / 60) * 60, locale)
    else:
        text = _date(value.astimezone(zone).date(), locale)
    return _time(value, text, zone, locale)


def stamp(value: datetime | None) -> Markup | str:
    """A moment in full: day and time on the business's clock."""
    if value is None:
        return "—"
    zone, locale = _here()
    return _time(value, _full(value, zone, locale), zone, locale)


def day(value: date | datetime | None) -> str:
    if value is None:
        return "—"
    zone, locale = _here()
    if isinstance(value, datetime):
        value = value.astimezone(zone).date()
    return _date(value, locale)


def label(value: object) -> str:
    """A member of an enum, in words: OUT_OF_STOCK -> Out of stock."""
    text = str(getattr(value, "value", value)).replace("_", " ").lower()
    return text[:1].upper() + text[1:]


def subject(type_name: str) -> str:
    """The name of a table's class, in words: RewardRedemption -> Reward redemption."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in type_name).strip().capitalize()


def sentence(action: str) -> str:
    """The name of an audit action, in words: redemption.approved -> Redemption approved."""
    return action.replace(".", " ").replace("_", " ").capitalize()


# A list formats the same few things again and again, and Babel takes its time over each.
@lru_cache(8192)
def _decimal(value: int | Decimal, locale: str) -> str:
    return format_decimal(value, locale=locale)


@lru_cache(8192)
def _amount(amount_minor: int, currency: str, locale: str) -> str:
    amount = Decimal(amount_minor).scaleb(-get_currency_precision(currency))
    return format_currency(amount, currency, locale=locale)


@lru_cache(4096)
def _date(value: date, locale: str) -> str:
    return format_date(value, "d MMM y", locale=locale)


@lru_cache(4096)
def _gap(seconds: int, locale: str) -> str:
    if -JUST_NOW < seconds <= 0:
        return "just now"
    gap = timedelta(seconds=seconds)
    return format_timedelta(gap, add_direction=True, locale=locale, format="short")


@lru_cache(8192)
def _minute(local: datetime, locale: str) -> str:
    return format_datetime(local, "d MMM y, HH:mm", locale=locale)


def _time(value: datetime, text: str, zone: ZoneInfo, locale: str) -> Markup:
    # Not Markup.format: its parsing costs more than everything else about a moment.
    instant = value.astimezone(UTC).isoformat(timespec="seconds")
    title, shown = escape(_full(value, zone, locale)), escape(text)
    return Markup(f'<time datetime="{instant}" title="{title}">{shown}</time>')  # noqa: S704


def _full(value: datetime, zone: ZoneInfo, locale: str) -> str:
    local = value.astimezone(zone)
    return _minute(local.replace(second=0, microsecond=0, tzinfo=None), locale)


def _here() -> tuple[ZoneInfo, str]:
    """The clock and the language of the business one stands in."""
    place = g.get("place") if has_request_context() else None
    return (UTC_ZONE, "en") if place is None else (ZoneInfo(place.timezone), place.locale or "en")


def _locale() -> str:
    return _here()[1]
