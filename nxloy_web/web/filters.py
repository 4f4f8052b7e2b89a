"""Figures, money and time in templates: `nxloy_web.wording` for the business of the request."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from flask import Flask, g, has_request_context
from jinja2 import pass_eval_context
from jinja2.nodes import EvalContext
from markupsafe import Markup, escape

from nxloy_web import clock
from nxloy_web.bidi import BEGIN, END, is_mixed, isolated
from nxloy_web.db.paging import COUNTED
from nxloy_web.wording import PLAIN, Wording, wording


def init_app(app: Flask) -> None:
    filters: dict[str, Callable[..., object]] = {
        "points": points,
        "counted": counted,
        "signed": signed,
        "money": money,
        "when": when,
        "stamp": stamp,
        "day": day,
        "last_day": last_day,
        "duration": duration,
        "label": label,
        "subject": subject,
        "sentence": sentence,
        "bordered": bordered,
    }
    for name, function in filters.items():
        app.add_template_filter(function, name)
    app.jinja_env.finalize = with_borders


@pass_eval_context
def with_borders(context: EvalContext, value: object) -> object:
    """Whatever a template writes: sentences keep names that are written from right to left to
    themselves. In HTML a name that stands alone is in a <bdi> of its own."""
    if type(value) is not str or value.isascii():
        return value
    return isolated(value) if is_mixed(value) or not context.autoescape else value


def bordered(text: str) -> Markup:
    """A text of a letter, with <bdi> where its borders are."""
    html = str(escape(text)).replace(BEGIN, "<bdi>").replace(END, "</bdi>")
    return Markup(html)  # noqa: S704  (escaped above)


def points(value: int | Decimal | None) -> str:
    """12345 -> 12,345"""
    return "—" if value is None else _here().number(value)


def counted(value: int) -> str:
    """1001 -> 1,000+: a figure that was counted no further than lists are."""
    return f"{_here().number(COUNTED)}+" if value > COUNTED else _here().number(value)


def signed(value: int) -> str:
    """+42, −7: with a real minus sign."""
    return _here().signed(value)


def money(amount_minor: int | None, currency: str) -> str:
    """1250, EUR -> €12.50; minor units as the currency has them."""
    return "—" if amount_minor is None else _here().money(amount_minor, currency)


def when(value: datetime | None) -> Markup | str:
    """A moment: how long ago within a day, else the day, on the business's clock."""
    if value is None:
        return "—"
    here = _here()
    return _time(value, here.when(value, clock.now()), here)


def stamp(value: datetime | None) -> Markup | str:
    """A moment in full: day and time on the business's clock."""
    if value is None:
        return "—"
    here = _here()
    return _time(value, here.stamp(value), here)


def day(value: date | datetime | None) -> str:
    """12 Dec 2026"""
    return "—" if value is None else _here().day(value)


def last_day(end: datetime | None) -> str:
    """The last good day before an exclusive end: 11 December 2026."""
    return "—" if end is None else _here().last_day(end)


def duration(value: timedelta) -> str:
    """How long: 38 min."""
    return _here().duration(value)


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


def _time(value: datetime, text: str, here: Wording) -> Markup:
    # Not Markup.format: its parsing costs more than everything else about a moment.
    instant = value.astimezone(UTC).isoformat(timespec="seconds")
    title, shown = escape(here.stamp(value)), escape(text)
    return Markup(f'<time datetime="{instant}" title="{title}">{shown}</time>')  # noqa: S704


def _here() -> Wording:
    """How the business writes that one stands in."""
    place = g.get("place") if has_request_context() else None
    return PLAIN if place is None else wording(place.timezone, place.locale)
