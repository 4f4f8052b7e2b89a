"""A rule while it is being typed: half-finished conditions, and what is wrong with them.

The form's fields are named by their place in the tree: `rule-0.field` is the first condition,
`rule-1-0.field` the first one of the group that stands second. So the rule travels with the form,
and adding or removing works by sending it, with or without JavaScript.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from nxloy_web.segments.catalog import FACTS, Comparison, Fact
from nxloy_web.segments.values import LONGEST, NotAValue, Surroundings, WhichValue
from nxloy_web.tables.segments import Condition, Field_, Group, Operator, SegmentRules

ROOT = "rule"
MOST_ITEMS = 20
MOST_DEPTH = 3
"""Groups within groups; deeper ones nobody could read."""
Match = Literal["all", "any"]


@dataclass
class DraftCondition:
    field: str = ""
    operator: str = ""
    typed: str = ""
    meant: str = ""
    """Which value is meant, where what is typed can be two."""
    readings: Sequence[tuple[str, str]] = ()
    error: str = ""
    place: str = ""

    @property
    def fact(self) -> Fact | None:
        return FACTS.get(cast(Field_, self.field))

    @property
    def comparison(self) -> Comparison | None:
        return self.fact.comparisons.get(cast(Operator, self.operator)) if self.fact else None

    def said(self, around: Surroundings) -> str:
        """The condition as a sentence; what is typed must have been kept once."""
        assert self.fact is not None
        assert self.comparison is not None
        return f"{self.fact.label} {self.comparison.label} {self._value_said(around)}"

    def _value_said(self, around: Surroundings) -> str:
        assert self.comparison is not None
        value = self.comparison.value
        try:
            return value.say(value.parse(self.typed, around), around)
        except NotAValue:
            return value.say(self.typed, around)


@dataclass
class DraftGroup:
    match: Match = "all"
    items: list["DraftCondition | DraftGroup"] = field(default_factory=list)
    place: str = ROOT

    @property
    def depth(self) -> int:
        return self.place.count("-")

    @property
    def takes_groups(self) -> bool:
        return self.depth + 1 < MOST_DEPTH

    @property
    def is_full(self) -> bool:
        return len(self.items) >= MOST_ITEMS


def begin() -> DraftGroup:
    """A new rule: one condition still to be filled in."""
    return _placed(DraftGroup(items=[DraftCondition()]))


def read(sent: Mapping[str, str]) -> DraftGroup:
    """The rule as the form sent it; whatever else was sent is not looked at."""
    return _placed(_read_group(sent, ROOT, 0))


def of_rules(rules: SegmentRules, around: Surroundings) -> DraftGroup:
    """A kept rule, to be shown or changed."""
    return _placed(_draft_group(rules, around))


def change(draft: DraftGroup, deed: str) -> DraftGroup:
    """Carry out a button of the form: `condition:PLACE`, `group:PLACE` or `remove:PLACE`."""
    what, _, place = deed.partition(":")
    for group in list(_groups(draft)):
        if what == "condition" and group.place == place and not group.is_full:
            group.items.append(DraftCondition())
        elif what == "group" and group.place == place and not group.is_full and group.takes_groups:
            match: Match = "any" if group.match == "all" else "all"
            group.items.append(DraftGroup(match, [DraftCondition()]))
        elif what == "remove":
            group.items = [item for item in group.items if item.place != place]
    return _placed(draft)


def finish(draft: DraftGroup, around: Surroundings) -> SegmentRules | None:
    """The rule to keep; None when something is wrong, which is then said beside it."""
    group = _finished(draft, around)
    if any(condition.error for condition in conditions(draft)):
        return None
    return SegmentRules(match=group.match, items=group.items)


def conditions(draft: DraftGroup) -> Iterator[DraftCondition]:
    for group in _groups(draft):
        yield from (item for item in group.items if isinstance(item, DraftCondition))


def in_one_line(draft: DraftGroup, around: Surroundings) -> str:
    """The rule as a sentence: for lists."""
    join = " and " if draft.match == "all" else " or "
    parts = []
    for item in draft.items:
        if isinstance(item, DraftCondition):
            parts.append(item.said(around))
        elif item.items:
            inner = in_one_line(item, around)
            parts.append(f"({inner})" if len(item.items) > 1 else inner)
    return join.join(parts)


def _read_group(sent: Mapping[str, str], place: str, depth: int) -> DraftGroup:
    group = DraftGroup("any" if sent.get(f"{place}.match") == "any" else "all")
    for number in range(MOST_ITEMS):
        inner = f"{place}-{number}"
        if f"{inner}.field" in sent:
            group.items.append(_read_condition(sent, inner))
        elif f"{inner}.match" in sent and depth + 1 < MOST_DEPTH:
            group.items.append(_read_group(sent, inner, depth + 1))
    return group


def _read_condition(sent: Mapping[str, str], place: str) -> DraftCondition:
    condition = DraftCondition(
        sent[f"{place}.field"],
        sent.get(f"{place}.operator", ""),
        sent.get(f"{place}.value", "").strip()[:LONGEST],
        sent.get(f"{place}.value-meant", ""),
    )
    fact = condition.fact
    if fact is None:
        return DraftCondition()
    if condition.field != sent.get(f"{place}.was", condition.field):
        # Another field was chosen: what was typed belonged to the one before.
        condition.operator, condition.typed = fact.first, ""
    elif condition.comparison is None:
        condition.operator = fact.first
    return condition


def _draft_group(group: Group, around: Surroundings) -> DraftGroup:
    return DraftGroup(
        group.match,
        [
            _draft_group(item, around)
            if isinstance(item, Group)
            else _draft_condition(item, around)
            for item in group.items
        ],
    )


def _draft_condition(item: Condition, around: Surroundings) -> DraftCondition:
    shown = FACTS[item.field].comparisons[item.operator].value.show(item.value, around)
    return DraftCondition(item.field, item.operator, shown)


def _finished(draft: DraftGroup, around: Surroundings) -> Group:
    items: list[Condition | Group] = []
    for item in draft.items:
        if isinstance(item, DraftGroup):
            if item.items:
                items.append(_finished(item, around))
        elif (kept := _kept(item, around)) is not None:
            items.append(kept)
    return Group(match=draft.match, items=items)


def _kept(draft: DraftCondition, around: Surroundings) -> Condition | None:
    comparison = draft.comparison
    if comparison is None:
        draft.error = "Choose what this condition is about, or remove it."
        return None
    try:
        value = comparison.value.parse(draft.typed, around)
    except WhichValue as question:
        if draft.meant not in dict(question.readings):
            draft.error, draft.readings = str(question), question.readings
            return None
        value = draft.meant
        draft.typed = comparison.value.show(value, around)
    except NotAValue as error:
        draft.error = str(error)
        return None
    return Condition(
        field=cast(Field_, draft.field), operator=cast(Operator, draft.operator), value=value
    )


def _groups(draft: DraftGroup) -> Iterator[DraftGroup]:
    yield draft
    for item in draft.items:
        if isinstance(item, DraftGroup):
            yield from _groups(item)


def _placed(draft: DraftGroup) -> DraftGroup:
    for number, item in enumerate(draft.items):
        item.place = f"{draft.place}-{number}"
        if isinstance(item, DraftGroup):
            _placed(item)
    return draft
