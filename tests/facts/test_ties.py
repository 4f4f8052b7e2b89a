"""D11: a column, its fact and its form field belong together; one without the others is an error.

Left out of the facts, a column could not be edited; left out of a form, it would be erased.
"""

from collections.abc import Collection, Iterator
from dataclasses import MISSING, FrozenInstanceError, fields
from typing import Any, get_args, get_type_hints

import pytest
from pydantic import BaseModel
from sqlalchemy import inspect
from wtforms.fields.core import UnboundField

from nxloy_web.customers.facts import NEWCOMER, CustomerFacts, ProfileFacts
from nxloy_web.db.base import Base, VersionMixin
from nxloy_web.portal.forms import ProfileForm
from nxloy_web.tables.customers import Customer
from nxloy_web.web.facts import types_of
from tests.facts.things import (
    EDITED_ELSEWHERE,
    HIDDEN_IN_EVERY_FORM,
    KEPT_BY_THE_PLATFORM,
    THINGS,
    Thing,
)

each_thing = pytest.mark.parametrize("thing", THINGS, ids=str)


def in_forms(facts: type, without_field: Collection[str] = ()) -> Iterator[str]:
    """The names that the facts have in a form: those of a JSON column's own fields."""
    for name, kind in types_of(facts).items():
        if name in without_field:
            continue
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from kind.model_fields
        else:
            yield name


def fields_of(form: type) -> set[str]:
    return {name for name in dir(form) if isinstance(getattr(form, name), UnboundField)}


def columns_of(model: Any) -> set[str]:
    return {column.key for column in inspect(model).column_attrs}


@each_thing
def test_every_column_is_edited_or_says_why_not(thing: Thing) -> None:
    edited = {
        column for fact in types_of(thing.facts) for column in thing.columns.get(fact, (fact,))
    }
    assert not edited & thing.not_edited.keys()
    columns = columns_of(thing.model)
    assert columns - KEPT_BY_THE_PLATFORM == edited | thing.not_edited.keys()


@each_thing
def test_a_fact_has_the_type_of_its_column(thing: Thing) -> None:
    columns = get_type_hints(thing.model)
    for name, kind in types_of(thing.facts).items():
        if name in columns:
            assert get_args(columns[name]) == (kind,), name
        else:
            assert get_type_hints(getattr(thing.model, name).fget)["return"] == kind, name


@each_thing
def test_nobody_can_leave_out_or_change_a_fact(thing: Thing) -> None:
    for each in fields(thing.facts):
        assert (each.default, each.default_factory) == (MISSING, MISSING), each.name
    empty = object.__new__(thing.facts)
    with pytest.raises(FrozenInstanceError):
        setattr(empty, fields(thing.facts)[0].name, None)


@each_thing
def test_every_form_asks_for_all_the_facts_and_nothing_else(thing: Thing) -> None:
    wanted = set(in_forms(thing.facts, thing.without_field))
    for form in thing.forms:
        asked = fields_of(form) - HIDDEN_IN_EVERY_FORM
        assert wanted <= asked, form
        assert asked - wanted <= thing.beside.keys(), form


def test_what_customers_edit_themselves_is_part_of_what_the_team_edits() -> None:
    own = types_of(ProfileFacts)
    assert own.items() <= types_of(CustomerFacts).items()
    assert fields_of(ProfileForm) - HIDDEN_IN_EVERY_FORM == own.keys()


def test_the_first_facts_of_a_customer_are_the_defaults_of_the_table() -> None:
    columns: Any = inspect(Customer).columns
    for name, value in vars(NEWCOMER).items():
        default = columns[name].default if name in columns else None
        if default is not None and default.is_scalar:
            assert value == default.arg, name


def test_whatever_has_a_version_is_among_the_things() -> None:
    versioned = {
        mapper.class_.__name__
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, VersionMixin)
    }
    assert versioned == {thing.model.__name__ for thing in THINGS} | EDITED_ELSEWHERE.keys()
