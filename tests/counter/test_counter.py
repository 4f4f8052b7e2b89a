"""The counter: find, give, ask again, undo, enrol, redeem."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.customers import CustomerStatus
from tests.factories import Shop, as_role, make_customer, make_reward, make_shop
from tests.pressing import browser_of, checking_csrf, press


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> FlaskClient:
    return as_role(app, shop, Role.STAFF)


def give(staff: FlaskClient, shop: Shop, customer_id: str, amount: str, **more: Any) -> Any:
    data = {"new_id": new_id(), "amount": amount} | more
    return staff.post(shop.url(f"/counter/{customer_id}/purchases"), data=data)


def balance(as_admin: Any, customer_id: str) -> int:
    row = as_admin.execute(
        "SELECT balance FROM customer_balances WHERE customer_id = %s", (customer_id,)
    ).fetchone()
    return row[0] if row else 0


def test_a_purchase_gives_points_and_says_why(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop, "Amara")
    answer = give(staff, shop, customer_id, "12,50")
    assert answer.status_code == 303
    page = staff.get(answer.location).text
    assert "+12" in page
    assert "Amara now has 12 points" in page
    assert "Undo" in page
    assert balance(as_admin, customer_id) == 12


def test_the_same_form_sent_twice_gives_once(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    form_id = new_id()
    first = give(staff, shop, customer_id, "10", new_id=form_id)
    second = give(staff, shop, customer_id, "10", new_id=form_id)
    assert first.location == second.location
    assert balance(as_admin, customer_id) == 10


def test_more_than_usual_is_asked_once_more_and_then_given(app: Flask, as_admin: Any) -> None:
    """C1: the page drew `confirmed` twice, the empty one first, and asked for ever."""
    shop = make_shop(app, settings=BusinessSettings(usual_points=50))
    customer_id = make_customer(app, shop)
    with checking_csrf(app):
        staff = browser_of(app, shop.users[Role.STAFF])
        card = staff.get(shop.url(f"/counter/{customer_id}"))
        asked = press(card, "Give points", amount="80")
        assert "more than your usual 50" in asked
        assert balance(as_admin, customer_id) == 0
        changed_meanwhile = press(asked, "Yes, give 80 points", amount="800")
        assert "This gives 800 points" in changed_meanwhile
        assert balance(as_admin, customer_id) == 0
        given = press(changed_meanwhile, "Yes, give 800 points")
    assert "+800" in given
    assert balance(as_admin, customer_id) == 800


@pytest.mark.parametrize("amount", ["", "abc", "-5", "1.234", "1,250.00", "9" * 20, "<b>"])
def test_a_wrong_amount_is_refused_beside_the_field_and_nothing_is_lost(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any, amount: str
) -> None:
    customer_id = make_customer(app, shop)
    answer = give(staff, shop, customer_id, amount, order_ref="R-17")
    assert answer.status_code == 422
    assert "R-17" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert balance(as_admin, customer_id) == 0


def test_undo_takes_the_points_back_once(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    purchase_id = give(staff, shop, customer_id, "30").location.rsplit("/", 1)[1]
    for _ in range(2):
        undone = staff.post(shop.url(f"/counter/purchases/{purchase_id}/undo"))
        assert undone.status_code == 303
    assert balance(as_admin, customer_id) == 0


def test_a_colleagues_entry_cannot_be_undone(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    purchase_id = give(staff, shop, customer_id, "30").location.rsplit("/", 1)[1]
    manager = as_role(app, shop, Role.MANAGER)
    refused = manager.post(shop.url(f"/counter/purchases/{purchase_id}/undo"))
    assert refused.status_code == 409
    assert "Void the purchase instead" in refused.text
    assert balance(as_admin, customer_id) == 30


def test_a_blocked_customer_gets_nothing(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop, status=CustomerStatus.BLOCKED)
    refused = give(staff, shop, customer_id, "30")
    assert refused.status_code == 409
    assert "blocked" in refused.text
    assert balance(as_admin, customer_id) == 0


def test_a_customer_is_found_by_phone_mail_code_and_name(
    app: Flask, shop: Shop, staff: FlaskClient
) -> None:
    made = staff.post(
        shop.url("/counter/enrol"),
        data={
            "new_id": new_id(),
            "first_name": "Zoë",
            "last_name": "Lindqvist",
            "phone": "+49 30 901820",
            "email": "zoe@example.com",
        },
    )
    assert made.status_code == 303
    for text in ("+4930901820", "zoe@example.com", "lindq", "zoe"):
        assert "Lindqvist" in staff.get(shop.url("/counter/"), query_string={"q": text}).text


def test_enrolling_needs_a_phone_or_an_address(shop: Shop, staff: FlaskClient) -> None:
    refused = staff.post(
        shop.url("/counter/enrol"), data={"new_id": new_id(), "first_name": "Nobody"}
    )
    assert refused.status_code == 422
    assert "Enter a phone number or an e-mail address." in refused.text
    assert "Nobody" in refused.text


def test_enrolling_somebody_known_names_the_rule(
    app: Flask, shop: Shop, staff: FlaskClient
) -> None:
    make_customer(app, shop, email="a@example.com", email_norm="a@example.com")
    refused = staff.post(
        shop.url("/counter/enrol"), data={"new_id": new_id(), "email": "A@Example.com"}
    )
    assert refused.status_code == 409


def test_a_reward_is_asked_for_at_the_counter(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    reward_id = make_reward(app, shop, points_cost=20)
    give(staff, shop, customer_id, "50")
    page = staff.get(shop.url(f"/counter/{customer_id}")).text
    form_id = re.search(
        r'name="new_id" value="(c[^"]{24})"><input type="hidden" name="reward_id"', page
    )
    assert form_id is not None
    for _ in range(2):
        asked = staff.post(
            shop.url(f"/counter/{customer_id}/redemptions"),
            data={"new_id": form_id[1], "reward_id": reward_id},
        )
        assert asked.status_code == 303
    assert balance(as_admin, customer_id) == 30


def test_another_business_finds_no_customer_of_ours(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    other = make_shop(app)
    client = as_role(app, other)
    assert client.get(other.url(f"/counter/{customer_id}")).status_code == 404
    assert give(client, other, customer_id, "5").status_code == 404


def test_hostile_text_finds_nobody_and_is_only_text(shop: Shop, staff: FlaskClient) -> None:
    for text in ("<script>alert(1)</script>", "%' OR 1=1 --", "\\", "x" * 500, "\u202e"):
        answer = staff.get(shop.url("/counter/"), query_string={"q": text})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.text
