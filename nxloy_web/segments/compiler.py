"""A rule as one SQL condition over Customer."""

from sqlalchemy import ColumnElement, and_, or_, true

from nxloy_web.segments.catalog import FACTS, Moment
from nxloy_web.tables.segments import Condition, Group, SegmentRules


def compile_rules(rules: SegmentRules, moment: Moment) -> ColumnElement[bool]:
    """Whom the rule holds. A group without conditions says nothing; a rule of such holds all."""
    compiled = _group(rules, moment)
    return true() if compiled is None else compiled


def _group(group: Group, moment: Moment) -> ColumnElement[bool] | None:
    parts = [part for item in group.items if (part := _item(item, moment)) is not None]
    if not parts:
        return None
    return and_(*parts) if group.match == "all" else or_(*parts)


def _item(item: "Condition | Group", moment: Moment) -> ColumnElement[bool] | None:
    if isinstance(item, Group):
        return _group(item, moment)
    return FACTS[item.field].sql(item.operator, item.value, moment)
