"""Amounts in segments of a business that changes its currency, before any was recorded."""

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.events import Event
from nxloy_web.money import same_figure
from nxloy_web.segments.catalog import FACTS
from nxloy_web.segments.values import Money
from nxloy_web.tables.segments import Condition, CustomerSegment, Group


def follow(event: Event) -> None:
    """The figures stay as they were typed."""
    if event.name != "business.changed" or "currency" not in (event.after or {}):
        return
    old, new = (event.before or {})["currency"], (event.after or {})["currency"]
    for segment in db.session.scalars(history(select(CustomerSegment))):
        rules = segment.rules.model_copy(deep=True)
        _convert(rules, old, new)
        if rules != segment.rules:
            segment.rules = rules
    db.session.flush()


def _convert(group: Group, old: str, new: str) -> None:
    for item in group.items:
        if isinstance(item, Group):
            _convert(item, old, new)
        elif _is_money(item):
            item.value = str(same_figure(int(item.value), old, new))


def _is_money(condition: Condition) -> bool:
    return isinstance(FACTS[condition.field].comparisons[condition.operator].value, Money)
