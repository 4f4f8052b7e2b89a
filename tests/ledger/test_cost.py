"""What moving points costs, counted in statements: a figure that no busy machine changes."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop, make_tier
from tests.ledger.books import Kept
from tests.pressing import browser_as, press

Statements = Callable[[], AbstractContextManager[list[str]]]


@pytest.fixture
def shop(app: Flask) -> Shop:
    shop = make_shop(app)
    make_tier(app, shop, "Gold", 100)
    return shop


def test_a_purchase_at_the_counter_takes_twelve_statements(
    app: Flask, shop: Shop, statements: Statements
) -> None:
    """Twelve at the most with one program, besides those of the page that shows it."""
    customer_id = make_customer(app, shop)
    staff = browser_as(app, shop, Role.STAFF)
    press(staff.get(shop.url(f"/counter/{customer_id}")), "Give points", amount="10")
    card = staff.get(shop.url(f"/counter/{customer_id}"))
    with statements() as seen:
        form = card.forms["give"]
        form["amount"] = "10"
        assert form.submit().status_int == 303
    assert len(seen) == 12, seen


def test_a_tier_that_is_reached_takes_two_statements_more(
    app: Flask, shop: Shop, statements: Statements
) -> None:
    """The customer is read, and the audit log has its entry."""
    costs = []
    for euros in ("10", "200"):
        customer_id = make_customer(app, shop)
        staff = browser_as(app, shop, Role.STAFF)
        press(staff.get(shop.url(f"/counter/{customer_id}")), "Give points", amount="10")
        form = staff.get(shop.url(f"/counter/{customer_id}")).forms["give"]
        form["amount"] = euros
        with statements() as seen:
            assert form.submit().status_int == 303
        costs.append(len(seen))
    assert costs == [12, 14], seen


def test_a_request_at_the_counter_takes_fifteen_statements(
    app: Flask, shop: Shop, statements: Statements
) -> None:
    """For a reward whose stock is counted, which costs one more than another."""
    customer_id = make_customer(app, shop)
    make_reward(app, shop, points_cost=5, current_stock=7, total_stock=7)
    staff = browser_as(app, shop, Role.STAFF)
    press(staff.get(shop.url(f"/counter/{customer_id}")), "Give points", amount="10")
    card = staff.get(shop.url(f"/counter/{customer_id}"))
    (form,) = {form for form in card.forms.values() if str(form.action).endswith("/redemptions")}
    with statements() as seen:
        assert form.submit().status_int == 303
    assert len(seen) == 15, seen


def test_many_past_rewards_cost_no_statement_more(
    app: Flask, shop: Shop, statements: Statements
) -> None:
    """Only what can move is taken up."""
    costs = []
    for past in (2, 60):
        with inside(app, shop):
            ledger = Kept(make_customer(app, shop), shop.program_id)
            ledger.credit("all", 1_000, NOON)
            for number in range(past):
                ledger.spend(f"past {number}", 300 // past, NOON)
            for key in ("first", "second"):
                ledger.credit(key, 50, NOON)
            ledger.spend("last", 100, NOON)
            with statements() as seen:
                ledger.reverse("first", NOON)
                ledger.come_back("last", NOON)
                ledger.reverse("all", NOON)
                ledger.credit(new_id(), 10, NOON)
            costs.append(len(seen))
            db.session.rollback()
    assert costs[0] == costs[1], costs
