"""What an entry of the audit log changed, in the words of the shop."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from nxloy_web.db.base import Base, EnumText
from nxloy_web.texts import Text, _
from nxloy_web.wording import Wording

Facts = Mapping[str, Any]
Names = Mapping[tuple[str, str], str]
"""Names by the class of a table and an id."""

POINTS_AT = {
    "asked_by": "User",
    "customer_id": "Customer",
    "members_to": "LoyaltyTier",
    "program_id": "LoyaltyProgram",
    "referred_by": "Customer",
    "tier_id": "LoyaltyTier",
    "user_id": "User",
}
"""Facts that are the id of something with a name."""

_WORDS: dict[str, Text] = {
    "amount_minor": _("Amount"),
    "asked_by": _("Asked by"),
    "customer_id": _("Customer"),
    "failed": _("Lines left out"),
    "known": _("Known already"),
    "members_to": _("Members go to"),
    "money_cost": _("Price in money"),
    "new": _("Brought in"),
    "on_own_card": _("For their own card"),
    "per_minor": _("For every"),
    "points_cost": _("Price in points"),
    "program_id": _("Program"),
    "tier_id": _("Tier"),
    "user_id": _("Who signs in"),
}
_MONEY = re.compile(r"(_minor|^money_cost)$")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True)
class Change:
    """One fact: what it was and what it is. None where the entry says nothing of it."""

    label: str
    before: str | None
    after: str | None


def changes(before: Facts | None, after: Facts | None, names: Names, say: Wording) -> list[Change]:
    old, new = dict(_flat(before or {})), dict(_flat(after or {}))
    currency = str(new.get("currency") or old.get("currency") or "")
    return [
        Change(
            label_of(field),
            _said(field, old[field], currency, names, say) if field in old else None,
            _said(field, new[field], currency, names, say) if field in new else None,
        )
        for field in dict.fromkeys([*old, *new])
    ]


def pointed_at(facts: Facts | None) -> Iterator[tuple[str, str]]:
    """What has to be named to write these facts out."""
    for field, value in _flat(facts or {}):
        if field in POINTS_AT and isinstance(value, str):
            yield POINTS_AT[field], value


def label_of(field: str) -> str:
    if field in _WORDS:
        return str(_WORDS[field])
    text = field.replace("_", " ")
    return text[:1].upper() + text[1:]


def _flat(facts: Facts) -> Iterator[tuple[str, Any]]:
    """Settings and terms are facts one by one."""
    for field, value in facts.items():
        if isinstance(value, dict):
            yield from _flat(value)
        else:
            yield field, value


def _said(field: str, value: Any, currency: str, names: Names, say: Wording) -> str:
    if field in POINTS_AT and isinstance(value, str):
        return names.get((POINTS_AT[field], value)) or str(_("somebody or something deleted"))
    match value:
        case None | "":
            return str(_("nothing"))
        case bool():
            return str(_("yes") if value else _("no"))
        case int():
            is_money = currency and _MONEY.search(field)
            return say.money(value, currency) if is_money else say.number(value)
        case list():
            return ", ".join(_said(field, item, currency, names, say) for item in value) or str(
                _("nothing")
            )
        case dict():
            return "; ".join(
                f"{label_of(name)}: {_said(name, item, currency, names, say)}"
                for name, item in value.items()
            )
        case str():
            return _text(value, say)
    return str(value)


def _text(value: str, say: Wording) -> str:
    if value in _members():
        return value.replace("_", " ").capitalize()
    try:
        if _MOMENT.match(value):
            return say.stamp(datetime.fromisoformat(value))
        if _DAY.fullmatch(value):
            return say.day(date.fromisoformat(value))
    except (ValueError, OverflowError):  # it was typed, as a reason or a name
        return value
    return value


@cache
def _members() -> frozenset[str]:
    """The values of all enums that stand in a table."""
    return frozenset(
        member.value
        for table in Base.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, EnumText)
        for member in column.type.kind
    )
