"""D11 for earning rules: their terms are what people type, and an edit makes the next version."""

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.programs.forms import EarningFields, EditEarningForm, NewEarningForm
from nxloy_web.tables.loyalty import EarningRule, EarningTerms
from tests.factories import inside, make_shop
from tests.facts.test_ties import fields_of
from tests.facts.test_unchanged import assert_drawn
from tests.facts.things import HIDDEN_IN_EVERY_FORM
from tests.pressing import browser_as, press

TERMS = EarningTerms(points=9_999, per_minor=101, minimum_minor=1, most_points=12_345)
BUTTON = "Save rule"
HIDDEN = HIDDEN_IN_EVERY_FORM | {"rule_id"}
"""A rule counts its own versions, so its form also says which rule it is."""


@pytest.mark.parametrize("form", [EarningFields, NewEarningForm, EditEarningForm])
def test_the_forms_ask_for_the_terms_and_nothing_else(form: type) -> None:
    assert fields_of(form) - HIDDEN == set(EarningTerms.model_fields)


def test_a_rule_sent_as_it_was_drawn_gets_no_next_version(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        db.session.scalars(select(EarningRule)).one().terms = TERMS
        db.session.commit()
    page = browser_as(app, shop).get(shop.url(f"/programs/{shop.program_id}/earning"))
    assert_drawn(page, BUTTON, EarningTerms)
    assert press(page, BUTTON).status_code == 200
    with inside(app, shop):
        rule = db.session.scalars(select(EarningRule)).one()
        assert (rule.terms, rule.ended_at) == (TERMS, None)


def test_what_is_left_empty_is_no_limit(app: Flask) -> None:
    shop = make_shop(app)
    page = browser_as(app, shop).get(shop.url(f"/programs/{shop.program_id}/earning"))
    press(page, BUTTON, points="2", per_minor="3", minimum_minor="", most_points="")
    with inside(app, shop):
        latest = select(EarningRule).order_by(EarningRule.version.desc()).limit(1)
        assert db.session.scalars(latest).one().terms == EarningTerms(points=2, per_minor=300)
