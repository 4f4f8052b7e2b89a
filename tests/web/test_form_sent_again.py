"""A form sent again: the same contents are one press, other contents are another wish. Row M7."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.factories import Shop, make_customer, make_reward, make_shop
from tests.pressing import Browser, browser_as, press

SENTENCE = "This form was sent before with other contents, and that is done."
Where = Callable[[Flask, Shop], str]


def at(path: str) -> Where:
    return lambda _app, _shop: path


def of_program(rest: str) -> Where:
    return lambda _app, shop: f"/programs/{shop.program_id}{rest}"


def of_customer(path: str) -> Where:
    return lambda app, shop: path.format(make_customer(app, shop))


def of_reward(path: str, stock: int | None) -> Where:
    return lambda app, shop: path.format(
        make_reward(app, shop, current_stock=stock, total_stock=stock)
    )


FORMS: dict[str, tuple[Where, str, dict[str, Any], dict[str, Any]]] = {
    "purchase": (of_customer("/counter/{}"), "Give points", {"amount": "10"}, {"amount": "20"}),
    "receipt": (
        of_customer("/counter/{}"), "Give points",
        {"amount": "10", "order_ref": "R-1"}, {"order_ref": "R-2"},
    ),
    "enrolment": (
        at("/counter/enrol"), "Enrol",
        {"first_name": "Ann", "email": "ann@example.com"},
        {"first_name": "Bob", "email": "bob@example.com"},
    ),
    "customer": (
        at("/customers/new"), "Enrol",
        {"first_name": "Ann", "email": "ann@example.com"}, {"first_name": "Anna"},
    ),
    "adjustment": (
        of_customer("/customers/{}/adjustment"), "Adjust",
        {"points": "5", "reason": "Late cake"}, {"points": "6"},
    ),
    "location": (at("/locations/new"), "Add", {"name": "Harbour"}, {"name": "Station"}),
    "invitation": (
        at("/team/invitations/new"), "Send the invitation",
        {"email": "bo@example.com"}, {"email": "cy@example.com"},
    ),
    "program": (at("/programs/new"), "Create program", {"name": "Beans"}, {"name": "Leaves"}),
    "tier": (
        of_program("/tiers/new"), "Add tier",
        {"name": "Silver", "required_points": "100"}, {"required_points": "200"},
    ),
    "segment": (at("/segments/new?kind=manual"), "Create list", {"name": "VIP"}, {"name": "Press"}),
    "reward": (
        at("/rewards/new"), "Add reward",
        {"name": "Mug", "money_cost": "5", "in_stock": "3"}, {"in_stock": "4"},
    ),
    "reward offered": (
        at("/rewards/new"), "Add reward", {"name": "Mug", "money_cost": "5"}, {"offer": False}
    ),
    "stock": (
        of_reward("/rewards/{}/stock/add", 1), "Add to stock",
        {"amount": "5", "reason": "Delivery"}, {"amount": "50"},
    ),
    "count": (
        of_reward("/rewards/{}/stock/correct", 1), "Set the stock",
        {"to": "5", "reason": "Counted"}, {"to": "7"},
    ),
}  # fmt: skip


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def owner(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop)


@pytest.mark.parametrize("form", FORMS)
def test_other_contents_are_refused_with_a_sentence(
    app: Flask, shop: Shop, owner: Browser, form: str
) -> None:
    """Row M7: 10, then 20 answered with the first one's page, as if 20 were recorded."""
    where, button, typed, other = FORMS[form]
    page = owner.get(shop.url(where(app, shop)))
    first = press(page, button, **typed)
    assert first.status_code == 200
    refused = press(page, button, **other)
    assert refused.status_code in (409, 422)
    assert SENTENCE in refused


@pytest.mark.parametrize("form", FORMS)
def test_the_same_contents_are_one_press(app: Flask, shop: Shop, owner: Browser, form: str) -> None:
    where, button, typed, _other = FORMS[form]
    page = owner.get(shop.url(where(app, shop)))
    first, second = (press(page, button, **typed) for _ in range(2))
    assert second.status_code == 200
    assert second.request.path == first.request.path


def test_the_refused_form_can_be_sent_as_a_wish_of_its_own(
    app: Flask, shop: Shop, owner: Browser, as_admin: Any
) -> None:
    page = owner.get(shop.url(of_customer("/counter/{}")(app, shop)))
    press(page, "Give points", amount="10")
    refused = press(page, "Give points", amount="20")
    assert refused.html.select_one("#amount")["value"] == "20"
    press(refused, "Give points")
    rows = as_admin.execute(
        "SELECT amount_minor FROM purchases WHERE business_id = %s ORDER BY 1", (shop.business_id,)
    ).fetchall()
    assert rows == [(1000,), (2000,)]
