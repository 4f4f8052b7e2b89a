"""The customer's own details."""

import pytest
from flask import Flask

from tests.factories import Shop, make_customer, make_reward, make_shop
from tests.portal.steps import Admin, give_points, member


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def test_a_customer_changes_name_number_and_wishes(app: Flask, shop: Shop, as_admin: Admin) -> None:
    client, customer_id = member(app, shop, email="keep@example.com", email_norm="keep@example.com")
    sent = {
        "version": 1,
        "first_name": " Zoë ",
        "last_name": "Okafor",
        "phone": "030 7654321",
        "sms_opt_in": "y",
        "email": "other@example.com",
        "user_id": "somebody",
    }
    assert client.post(shop.portal("/profile"), data=sent).location == shop.portal("/profile")
    row = as_admin.execute(
        "SELECT first_name, last_name, phone_e164, email_opt_in, sms_opt_in, email_norm "
        "FROM customers WHERE id = %s",
        (customer_id,),
    ).fetchone()
    assert row == ("Zoë", "Okafor", "+49307654321", False, True, "keep@example.com")
    assert 'value="030 7654321"' in client.get(shop.portal("/profile")).text


def test_a_number_of_somebody_else_is_refused_without_a_name(app: Flask, shop: Shop) -> None:
    make_customer(app, shop, "Secret", phone_e164="+49309999999", phone_number="030 9999999")
    client, _ = member(app, shop)
    answer = client.post(
        shop.portal("/profile"), data={"version": 1, "first_name": "A", "phone": "030 9999999"}
    )
    assert answer.status_code == 409
    assert "on another card" in answer.text
    assert "Secret" not in answer.text
    assert "030 9999999" in answer.text


def test_a_bad_form_keeps_what_was_typed(app: Flask, shop: Shop) -> None:
    client, _ = member(app, shop)
    answer = client.post(
        shop.portal("/profile"), data={"version": 1, "first_name": "", "last_name": "Kept"}
    )
    assert answer.status_code == 422
    assert "Enter your name." in answer.text
    assert "Kept" in answer.text


def test_a_stale_form_asks_again(app: Flask, shop: Shop) -> None:
    client, _ = member(app, shop)
    data = {"version": 1, "first_name": "First"}
    assert client.post(shop.portal("/profile"), data=data).status_code == 303
    late = client.post(shop.portal("/profile"), data=data | {"first_name": "Second"})
    assert late.status_code == 409
    assert "changed your details meanwhile" in late.text
    assert "Second" in late.text
    again = client.post(shop.portal("/profile"), data={"version": 2, "first_name": "Second"})
    assert again.status_code == 303


def test_my_data_is_all_there_is_and_only_mine(app: Flask, shop: Shop) -> None:
    reward = make_reward(app, shop, "Cake", points_cost=40)
    client, _ = member(app, shop, points=100, email="mine@example.com")
    neighbour_id = make_customer(app, shop, "Neighbour")
    give_points(app, shop, neighbour_id, 7)
    client.post(shop.portal(f"/rewards/{reward}/requests"), data={"new_id": "c" + "1" * 24})
    answer = client.get(shop.portal("/profile/my-data.json"))
    assert "attachment" in answer.headers["Content-Disposition"]
    facts = answer.json
    assert facts["customer"]["email"] == "mine@example.com"
    assert [entry["amount"] for entry in facts["entries"]] == [100, -40]
    assert facts["programs"][0]["points"] == 60
    assert facts["redemptions"][0]["reward"] == "Cake"
    assert "Neighbour" not in answer.text
