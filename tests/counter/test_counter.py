"""The counter: find, give, ask again, undo, enrol, redeem."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.purchases import voiding
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.customers import CustomerStatus
from nxloy_web.tables.purchases import Purchase
from tests.factories import Shop, inside, make_customer, make_reward, make_shop
from tests.pressing import Browser, Page, browser_as, buttons_of, hostile_post, press


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.STAFF)


def give(staff: Browser, shop: Shop, customer_id: str, amount: str, **more: Any) -> Page:
    card = staff.get(shop.url(f"/counter/{customer_id}"))
    return press(card, "Give points", amount=amount, **more)


def balance(as_admin: Any, customer_id: str) -> int:
    row = as_admin.execute(
        "SELECT balance FROM customer_balances WHERE customer_id = %s", (customer_id,)
    ).fetchone()
    return row[0] if row else 0


def test_a_purchase_gives_points_and_says_why(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop, "Amara")
    page = give(staff, shop, customer_id, "12,50")
    assert "+12" in page.text
    assert "Amara now has 12 points" in page.text
    assert "Undo (within two minutes)" in buttons_of(page)
    assert balance(as_admin, customer_id) == 12


def test_the_same_form_sent_twice_gives_once(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    card = staff.get(shop.url(f"/counter/{customer_id}"))
    first, second = (press(card, "Give points", amount="10") for _ in range(2))
    assert first.request.path == second.request.path
    assert balance(as_admin, customer_id) == 10


def test_a_voided_purchase_is_recorded_again_in_its_place(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    owner = browser_as(app, shop, Role.OWNER)
    give(owner, shop, customer_id, "125")
    with inside(app, shop):
        first = db.session.scalars(select(Purchase)).one()
        voiding.void(first.id, reason="Wrong amount", by=shop.actor(), at=clock.now())
        db.session.commit()
    card = owner.get(shop.url(f"/customers/{customer_id}?tab=purchases")).click("Record again")
    assert "In place of the purchase of" in card.text
    press(card, "Give points", amount="12,50")
    with inside(app, shop):
        again = db.session.scalars(select(Purchase).where(Purchase.id != first.id)).one()
        assert (again.came_before_id, again.points) == (first.id, 12)
    once_more = owner.get(shop.url(f"/counter/{customer_id}?again={first.id}"))
    refused = press(once_more, "Give points", amount="12,50")
    assert refused.status_int == 409
    assert "recorded again already" in refused.text


def test_more_than_usual_is_asked_once_more_and_then_given(app: Flask, as_admin: Any) -> None:
    """C1: the page drew `confirmed` twice, the empty one first, and asked for ever."""
    shop = make_shop(app, settings=BusinessSettings(usual_points=50))
    customer_id = make_customer(app, shop)
    asked = give(browser_as(app, shop, Role.STAFF), shop, customer_id, "80")
    assert "more than your usual 50" in asked
    assert balance(as_admin, customer_id) == 0
    changed_meanwhile = press(asked, "Yes, give 80 points", amount="800")
    assert "This gives 800 points" in changed_meanwhile
    assert balance(as_admin, customer_id) == 0
    given = press(changed_meanwhile, "Yes, give 800 points")
    assert "+800" in given
    assert balance(as_admin, customer_id) == 800


@pytest.mark.parametrize("amount", ["", "abc", "-5", "1.234", "1,250", "9" * 20, "<b>"])
def test_a_wrong_amount_is_refused_beside_the_field_and_nothing_is_lost(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any, amount: str
) -> None:
    customer_id = make_customer(app, shop)
    answer = give(staff, shop, customer_id, amount, order_ref="R-17")
    assert answer.status_code == 422
    assert "R-17" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert balance(as_admin, customer_id) == 0


def test_undo_takes_the_points_back_once(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    given = give(staff, shop, customer_id, "30")
    for _ in range(2):
        undone = press(given, "Undo (within two minutes)")
        assert "Undone. The points are taken back." in undone.text
    assert balance(as_admin, customer_id) == 0


def test_a_colleagues_entry_cannot_be_undone(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    given = give(staff, shop, customer_id, "30").request.path
    manager = browser_as(app, shop, Role.MANAGER)
    assert "Undo (within two minutes)" not in buttons_of(manager.get(given))
    refused = hostile_post(manager, "no right", f"{given}/undo")
    assert refused.status_code == 409
    assert "Void the purchase instead" in refused.text
    assert balance(as_admin, customer_id) == 30


def test_a_blocked_customer_gets_nothing(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop, status=CustomerStatus.BLOCKED)
    refused = give(staff, shop, customer_id, "30")
    assert refused.status_code == 409
    assert "blocked" in refused.text
    assert balance(as_admin, customer_id) == 0


def test_a_customer_is_found_by_phone_mail_code_and_name(shop: Shop, staff: Browser) -> None:
    made = press(
        staff.get(shop.url("/counter/enrol")),
        "Enrol",
        first_name="Zoë",
        last_name="Lindqvist",
        phone="+49 30 901820",
        email="zoe@example.com",
    )
    assert "Welcome on board!" in made.text
    counter = staff.get(shop.url("/counter/"))
    for text in ("+4930901820", "zoe@example.com", "lindq", "zoe"):
        assert "Lindqvist" in press(counter, "Find", q=text).text


def test_enrolling_needs_a_phone_or_an_address(shop: Shop, staff: Browser) -> None:
    refused = press(staff.get(shop.url("/counter/enrol")), "Enrol", first_name="Nobody")
    assert refused.status_code == 422
    assert "Enter a phone number or an e-mail address." in refused.text
    assert "Nobody" in refused.text


def test_enrolling_somebody_known_names_the_rule(app: Flask, shop: Shop, staff: Browser) -> None:
    make_customer(app, shop, email="a@example.com", email_norm="a@example.com")
    refused = press(staff.get(shop.url("/counter/enrol")), "Enrol", email="A@Example.com")
    assert refused.status_code == 409
    assert "has this e-mail address already" in refused.text


def test_a_reward_is_asked_for_approved_and_handed_over_at_the_counter(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    customer_id = make_customer(app, shop)
    make_reward(app, shop, "Cake", points_cost=20)
    give(staff, shop, customer_id, "50")
    card = staff.get(shop.url(f"/counter/{customer_id}"))
    for _ in range(2):
        asked = press(card, "Redeem Cake")
        assert asked.request.path.startswith(shop.url("/redemptions/"))
    assert balance(as_admin, customer_id) == 30
    card = staff.get(shop.url(f"/counter/{customer_id}"))
    (approve,) = (text for text in buttons_of(card) if text.startswith("Approve"))
    approved = press(card, approve)
    assert approved.request.path == card.request.path
    handed_over = press(approved, approve.replace("Approve", "Hand over"))
    assert "To hand over" not in handed_over.text


def test_another_business_finds_no_customer_of_ours(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    other = make_shop(app)
    stranger = browser_as(app, other)
    stranger.get(other.url(f"/counter/{customer_id}"), status=404)
    given = hostile_post(
        stranger, "a stranger", other.url(f"/counter/{customer_id}/purchases"), {"amount": "5"}
    )
    assert given.status_code == 404


def test_hostile_text_finds_nobody_and_is_only_text(shop: Shop, staff: Browser) -> None:
    for text in ("<script>alert(1)</script>", "%' OR 1=1 --", "\\", "x" * 500, "\u202e"):
        answer = staff.get(shop.url("/counter/"), {"q": text})
        assert "<script>alert" not in answer.text
