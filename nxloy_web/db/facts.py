"""What people edit of a row, as one typed object.

A frozen dataclass such as `RewardFacts` names the columns that people type, with their types. Its
fields have no defaults: the type checker finds the place that leaves a column out, so no edit can
erase what it does not know of.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Facts = TypeVar("Facts", bound="DataclassInstance")


def facts_of(row: object, kind: type[Facts]) -> Facts:
    """The facts of a row as they are now."""
    return kind(**{each.name: getattr(row, each.name) for each in fields(kind)})


def columns(facts: "DataclassInstance") -> dict[str, Any]:
    """The facts by name."""
    return {each.name: getattr(facts, each.name) for each in fields(facts)}


def changes(row: object, facts: "DataclassInstance") -> tuple[dict[str, Any], dict[str, Any]]:
    """What `put` would change, as (before, after); only what differs is in them."""
    return differing(row, columns(facts))


def differing(row: object, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What setting `values` on `row` would change, as (before, after); sets nothing."""
    after = {name: value for name, value in values.items() if getattr(row, name) != value}
    return {name: getattr(row, name) for name in after}, after


def put(row: object, facts: "DataclassInstance") -> None:
    """Write what differs into the row. An attribute written anew would count as changed."""
    for name, value in changes(row, facts)[1].items():
        setattr(row, name, value)
