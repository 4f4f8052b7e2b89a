"""D11: the form of a filled row, sent as it was drawn, changes nothing."""

from collections.abc import Collection
from typing import Any

import pytest
from flask import Flask
from pydantic import BaseModel
from sqlalchemy import inspect, select

from nxloy_web.customers.facts import ProfileFacts
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import CustomerStatus
from nxloy_web.web.facts import types_of
from tests.factories import Shop, inside, make_shop, make_user
from tests.facts.test_ties import in_forms
from tests.facts.things import CUSTOMER, THINGS, Thing
from tests.pressing import Page, browser_as, browser_of, form_with, hostile_post, press

each_thing = pytest.mark.parametrize("thing", THINGS, ids=str)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def made(app: Flask, shop: Shop, thing: Thing) -> str:
    with inside(app, shop):
        row = thing.filled(shop)
        db.session.add(row)
        db.session.commit()
        return str(row.id)


def whole_row(app: Flask, shop: Shop, thing: Thing, row_id: str) -> dict[str, Any]:
    with inside(app, shop):
        model: Any = thing.model
        row = db.session.scalars(history(select(model).where(model.id == row_id))).one()
        return {column.key: getattr(row, column.key) for column in inspect(model).column_attrs}


def acts(app: Flask, shop: Shop) -> int:
    with inside(app, shop):
        return len(db.session.scalars(select(AuditEntry)).all())


def open_form(app: Flask, shop: Shop, thing: Thing, row_id: str) -> Page:
    path = thing.page.format(id=row_id, program_id=shop.program_id)
    return browser_as(app, shop).get(shop.url(path))


def assert_drawn(page: Page, button: str, facts: type, without_field: Collection[str] = ()) -> None:
    """Each fact stands in the page's form exactly once."""
    drawn = form_with(page, button).fields
    for name in in_forms(facts, without_field):
        assert len(drawn.get(name, ())) == 1, f"{name} is drawn {len(drawn.get(name, ()))} times"


@each_thing
def test_its_form_sent_as_it_was_drawn_changes_nothing(
    app: Flask, shop: Shop, thing: Thing
) -> None:
    row_id = made(app, shop, thing)
    before, acts_before = whole_row(app, shop, thing, row_id), acts(app, shop)
    page = open_form(app, shop, thing, row_id)
    assert_drawn(page, thing.button, thing.facts, thing.without_field)
    answer = press(page, thing.button)
    assert answer.status_code == 200, answer.text
    assert whole_row(app, shop, thing, row_id) == before
    assert acts(app, shop) == acts_before


@each_thing
def test_the_form_of_a_new_one_asks_for_every_fact(app: Flask, shop: Shop, thing: Thing) -> None:
    if thing.new is not None:
        path, button = thing.new
        path = path.format(program_id=shop.program_id)
        page = browser_as(app, shop).get(shop.url(path))
        assert_drawn(page, button, thing.facts, thing.without_field)


@each_thing
def test_another_name_changes_the_name_only(app: Flask, shop: Shop, thing: Thing) -> None:
    row_id = made(app, shop, thing)
    before = whole_row(app, shop, thing, row_id)
    press(open_form(app, shop, thing, row_id), thing.button, **dict([thing.to_change]))
    after = whole_row(app, shop, thing, row_id)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {*thing.changed, "version", "updated_at"}


@each_thing
def test_the_row_of_these_tests_has_a_value_of_its_own_in_every_column(
    app: Flask, shop: Shop, thing: Thing
) -> None:
    row_id = made(app, shop, thing)
    row = whole_row(app, shop, thing, row_id)
    columns: Any = inspect(thing.model).columns
    for fact in types_of(thing.facts):
        for name in thing.columns.get(fact, (fact,)):
            default = columns[name].default
            assert row[name] not in (None, "", [], default and default.arg), name
            if isinstance(row[name], BaseModel):
                usual = type(row[name])()
                unusual = {key for key, value in row[name] if value != getattr(usual, key)}
                assert unusual | {"kind"} >= set(type(usual).model_fields), name


@each_thing
def test_a_form_that_does_not_say_what_it_has_shown_changes_nothing(
    app: Flask, shop: Shop, thing: Thing
) -> None:
    row_id = made(app, shop, thing)
    before = whole_row(app, shop, thing, row_id)
    page = open_form(app, shop, thing, row_id)
    sent = dict(form_with(page, thing.button).submit_fields()) | dict([thing.to_change])
    del sent["version"]
    path = shop.url(thing.page.format(id=row_id, program_id=shop.program_id))
    answer = hostile_post(browser_as(app, shop), "an old page", path, sent)
    assert answer.status_code == 409
    assert whole_row(app, shop, thing, row_id) == before


def test_what_customers_send_as_it_was_drawn_changes_nothing(app: Flask, shop: Shop) -> None:
    user_id = make_user(app)
    with inside(app, shop):
        row = CUSTOMER.filled(shop)
        row.user_id, row.status = user_id, CustomerStatus.ACTIVE
        db.session.add(row)
        db.session.commit()
        row_id = row.id
    before, acts_before = whole_row(app, shop, CUSTOMER, row_id), acts(app, shop)
    page = browser_of(app, user_id, "portal").get(shop.portal("/profile"))
    assert_drawn(page, "Save", ProfileFacts)
    assert press(page, "Save").status_code == 200
    assert whole_row(app, shop, CUSTOMER, row_id) == before
    assert acts(app, shop) == acts_before
