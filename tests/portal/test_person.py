"""The customer's own details."""

import pytest
from flask import Flask

from nxloy_web.tables.customers import CustomerPreferences
from tests.factories import Shop, make_customer, make_reward, make_shop
from tests.portal.steps import Admin, give_points, member
from tests.pressing import Browser, Page, hostile_post, press


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def profile(browser: Browser, shop: Shop) -> Page:
    return browser.get(shop.portal("/profile"))


def test_a_customer_changes_name_number_and_wishes(app: Flask, shop: Shop, as_admin: Admin) -> None:
    browser, customer_id = member(
        app, shop, email="keep@example.com", email_norm="keep@example.com"
    )
    saved = press(
        profile(browser, shop),
        "Save",
        first_name=" Zoë ",
        last_name="Okafor",
        phone="030 7654321",
        sms_opt_in=True,
        email_opt_in=False,
    )
    row = as_admin.execute(
        "SELECT first_name, last_name, phone_e164, email_opt_in, sms_opt_in, email_norm "
        "FROM customers WHERE id = %s",
        (customer_id,),
    ).fetchone()
    assert row == ("Zoë", "Okafor", "+49307654321", False, True, "keep@example.com")
    assert saved.request.path == shop.portal("/profile")
    assert 'value="030 7654321"' in saved.text


def test_a_customer_changes_no_address_and_no_owner(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    browser, customer_id = member(app, shop, email="own@example.com")
    forged = {"version": 1, "first_name": "A", "email": "x@example.com", "user_id": "somebody"}
    hostile_post(browser, "a forged field", shop.portal("/profile"), forged)
    row = as_admin.execute(
        "SELECT first_name, email, user_id <> 'somebody' FROM customers WHERE id = %s",
        (customer_id,),
    ).fetchone()
    assert row == ("A", "own@example.com", True)


def test_a_number_of_somebody_else_is_refused_without_a_name(app: Flask, shop: Shop) -> None:
    make_customer(app, shop, "Secret", phone_e164="+49309999999", phone_number="030 9999999")
    browser, _ = member(app, shop)
    answer = press(profile(browser, shop), "Save", first_name="A", phone="030 9999999")
    assert answer.status_code == 409
    assert "on another card" in answer.text
    assert "Secret" not in answer.text
    assert "030 9999999" in answer.text


def test_a_bad_form_keeps_what_was_typed(app: Flask, shop: Shop) -> None:
    browser, _ = member(app, shop)
    answer = press(profile(browser, shop), "Save", first_name="", last_name="Kept")
    assert answer.status_code == 422
    assert "Enter your name." in answer.text
    assert "Kept" in answer.text


def test_a_stale_form_asks_again(app: Flask, shop: Shop) -> None:
    browser, _ = member(app, shop)
    opened, before = profile(browser, shop), profile(browser, shop)
    press(opened, "Save", first_name="First")
    late = press(before, "Save", first_name="Second")
    assert late.status_code == 409
    assert "changed your details meanwhile" in late.text
    assert "Second" in late.text
    assert press(late, "Save").status_code == 200
    assert "Second" in profile(browser, shop).text


def test_my_data_is_all_there_is_and_only_mine(app: Flask, shop: Shop) -> None:
    reward = make_reward(app, shop, "Cake", points_cost=40)
    browser, _ = member(app, shop, points=100, email="mine@example.com")
    neighbour_id = make_customer(app, shop, "Neighbour")
    give_points(app, shop, neighbour_id, 7)
    press(browser.get(shop.portal(f"/rewards/{reward}")), "Redeem for 40 points")
    answer = browser.get(shop.portal("/profile/my-data.json"))
    assert "attachment" in answer.headers["Content-Disposition"]
    facts = answer.json
    assert facts["customer"]["email"] == "mine@example.com"
    assert [entry["amount"] for entry in facts["entries"]] == [100, -40]
    assert facts["programs"][0]["points"] == 60
    assert facts["redemptions"][0]["reward"] == "Cake"
    assert "Neighbour" not in answer.text


def test_what_only_the_team_reads_is_not_in_my_data(app: Flask, shop: Shop) -> None:
    """W4: the form says of notes "Only your team reads this"."""
    notes = CustomerPreferences(notes="Pays late, be kind", language="de")
    browser, _ = member(app, shop, preferences=notes)
    answer = browser.get(shop.portal("/profile/my-data.json"))
    assert answer.json["customer"]["language"] == "de"
    assert "Pays late" not in answer.text
    assert "notes" not in answer.json["customer"]
