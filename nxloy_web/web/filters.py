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
    gap = clock.now() - value
    near = abs(gap) < timedelta(days=1)
    text = (
        format_timedelta(-gap, add_direction=True, locale=_locale(), format="short")
        if near
        else _date(value.astimezone(_zone()).date(), _locale())
    )
    return _time(value, text)


def stamp(value: datetime | None) -> Markup | str:
    """A moment in full: day and time on the business's clock."""
    return "—" if value is None else _time(value, _full(value))


def day(value: date | datetime | None) -> str:
    if value is None:
        return "—"
    if isinstance(value, datetime):
        value = value.astimezone(_zone()).date()
    return _date(value, _locale())


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


@lru_cache(8192)
def _minute(local: datetime, locale: str) -> str:
    return format_datetime(local, "d MMM y, HH:mm", locale=locale)


def _time(value: datetime, text: str) -> Markup:
    # Not Markup.format: its parsing costs more than everything else about a moment.
    instant = value.astimezone(UTC).isoformat(timespec="seconds")
    title, shown = escape(_full(value)), escape(text)
    return Markup(f'<time datetime="{instant}" title="{title}">{shown}</time>')  # noqa: S704


def _full(value: datetime) -> str:
    local = value.astimezone(_zone())
    return _minute(local.replace(second=0, microsecond=0, tzinfo=None), _locale())


def _place() -> object | None:
    return g.get("place") if has_request_context() else None


def _zone() -> ZoneInfo:
    return ZoneInfo(getattr(_place(), "timezone", "UTC"))


def _locale() -> str:
    return getattr(_place(), "locale", "en") or "en"
