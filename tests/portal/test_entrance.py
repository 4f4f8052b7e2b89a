"""Coming in: joining, signing in with a mailed code, and what a code does not open."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Shop, make_customer, make_shop, make_user, sign_in
from tests.portal.steps import Admin, joining, mailed_code, mails, member


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def card_of(admin: Admin, shop: Shop, email: str) -> tuple[object, ...] | None:
    return admin.execute(
        "SELECT first_name, phone_e164, email_opt_in, user_id, member_code FROM customers "
        "WHERE business_id = %s AND email_norm = %s",
        (shop.business_id, email),
    ).fetchone()


def test_anybody_sees_the_front_page_and_nothing_behind_it(client: FlaskClient, shop: Shop) -> None:
    front = client.get(shop.portal("/"))
    assert front.status_code == 200
    assert "Get your card" in front.text
    behind = client.get(shop.portal("/card"))
    assert behind.status_code == 303
    assert behind.location.startswith(shop.portal("/sign-in"))


def test_an_unknown_business_is_not_found(client: FlaskClient) -> None:
    assert client.get("/p/nobody-here/").status_code == 404


def test_joining_makes_a_card_once_the_code_came_back(
    client: FlaskClient, shop: Shop, as_admin: Admin
) -> None:
    answer = client.post(
        shop.portal("/join"),
        data=joining("zoe@example.com", phone="030 1234567", email_opt_in="y"),
    )
    assert answer.location == shop.portal("/code")
    assert card_of(as_admin, shop, "zoe@example.com") is None
    code = mailed_code(as_admin, "zoe@example.com")
    entered = client.post(shop.portal("/code"), data={"code": f"{code[:3]} {code[3:]}"})
    assert entered.location == shop.portal("/card")
    row = card_of(as_admin, shop, "zoe@example.com")
    assert row is not None
    assert row[:3] == ("Amara", "+49301234567", True)
    assert client.get(shop.portal("/card")).status_code == 200


def test_the_same_answer_for_known_and_unknown_addresses(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, email="known@example.com", email_norm="known@example.com")
    pages = []
    for email in ("known@example.com", "other@example.com"):
        client = app.test_client()
        answer = client.post(shop.portal("/sign-in"), data={"email": email})
        text = client.get(answer.location).text.replace(email, "somebody")
        pages.append((answer.status_code, answer.location, len(text)))
    assert pages[0] == pages[1]
    assert mails(as_admin, "known@example.com") == 1
    assert mails(as_admin, "other@example.com") == 0


def test_the_first_code_links_the_card_of_this_business_only(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    other = make_shop(app)
    email = "enrolled@example.com"
    for where in (shop, other):
        make_customer(app, where, email=email, email_norm=email)
    client = app.test_client()
    client.post(shop.portal("/sign-in"), data={"email": "Enrolled@Example.com"})
    client.post(shop.portal("/code"), data={"code": mailed_code(as_admin, email)})
    assert client.get(shop.portal("/card")).status_code == 200
    here, there = card_of(as_admin, shop, email), card_of(as_admin, other, email)
    assert here is not None
    assert here[3] is not None
    assert there is not None
    assert there[3] is None
    assert client.get(other.portal("/card")).status_code == 303


def test_guessing_stops_after_a_few_tries(app: Flask, shop: Shop, as_admin: Admin) -> None:
    make_customer(app, shop, email="guessed@example.com", email_norm="guessed@example.com")
    client = app.test_client()
    client.post(shop.portal("/sign-in"), data={"email": "guessed@example.com"})
    code = mailed_code(as_admin, "guessed@example.com")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        answer = client.post(shop.portal("/code"), data={"code": wrong})
        assert answer.status_code == 422
        assert "wrong or too old" in answer.text
    assert client.post(shop.portal("/code"), data={"code": code}).status_code == 422
    assert client.get(shop.portal("/card")).status_code == 303


def test_another_code_ends_the_first(app: Flask, shop: Shop, as_admin: Admin) -> None:
    make_customer(app, shop, email="twice@example.com", email_norm="twice@example.com")
    client = app.test_client()
    client.post(shop.portal("/sign-in"), data={"email": "twice@example.com"})
    first = mailed_code(as_admin, "twice@example.com")
    assert client.post(shop.portal("/code/again")).location == shop.portal("/code")
    second = mailed_code(as_admin, "twice@example.com")
    if first != second:
        assert client.post(shop.portal("/code"), data={"code": first}).status_code == 422
    assert client.post(shop.portal("/code"), data={"code": second}).status_code == 303


def test_codes_are_not_sent_without_end(app: Flask, shop: Shop, as_admin: Admin) -> None:
    make_customer(app, shop, email="flood@example.com", email_norm="flood@example.com")
    client = app.test_client()
    client.post(shop.portal("/sign-in"), data={"email": "flood@example.com"})
    for _ in range(12):
        assert client.post(shop.portal("/code/again")).status_code == 303
    assert mails(as_admin, "flood@example.com") <= 6


def test_a_mailed_code_opens_no_page_of_the_team_even_for_the_owner(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    row = as_admin.execute("SELECT email FROM users WHERE id = %s", (shop.owner_id,)).fetchone()
    assert row is not None
    client = app.test_client()
    client.post(shop.portal("/join"), data=joining(row[0]))
    client.post(shop.portal("/code"), data={"code": mailed_code(as_admin, row[0])})
    assert client.get(shop.portal("/card")).status_code == 200
    desk = client.get(shop.url("/"))
    assert desk.status_code == 303
    assert "/sign-in" in desk.location


def test_whoever_came_with_a_password_keeps_that_sign_in(app: Flask, as_admin: Admin) -> None:
    shop = make_shop(app)
    row = as_admin.execute("SELECT email FROM users WHERE id = %s", (shop.owner_id,)).fetchone()
    assert row is not None
    client = app.test_client()
    sign_in(client, shop.owner_id)
    client.post(shop.portal("/join"), data=joining(row[0]))
    client.post(shop.portal("/code"), data={"code": mailed_code(as_admin, row[0])})
    assert client.get(shop.portal("/card")).status_code == 200
    assert client.get(shop.url("/")).status_code == 200


def test_a_number_on_another_card_does_not_cost_the_new_one(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, "Secret", phone_e164="+493012345678", phone_number="030 12345678")
    client = app.test_client()
    client.post(shop.portal("/join"), data=joining("late@example.com", phone="030 12345678"))
    answer = client.post(
        shop.portal("/code"),
        data={"code": mailed_code(as_admin, "late@example.com")},
        follow_redirects=True,
    )
    assert answer.status_code == 200
    assert "Secret" not in answer.text
    row = card_of(as_admin, shop, "late@example.com")
    assert row is not None
    assert row[1] is None


def test_joining_with_a_known_address_opens_the_card_there_is(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, "Noah", email="noah@example.com", email_norm="noah@example.com")
    client = app.test_client()
    client.post(shop.portal("/join"), data=joining("noah@example.com"))
    client.post(shop.portal("/code"), data={"code": mailed_code(as_admin, "noah@example.com")})
    row = card_of(as_admin, shop, "noah@example.com")
    assert row is not None
    assert row[0] == "Noah"


@pytest.mark.parametrize("has_account", [False, True])
def test_a_card_that_somebody_signs_in_to_is_never_claimed_by_its_address(
    app: Flask, shop: Shop, as_admin: Admin, has_account: bool
) -> None:
    """Ann signs in with a newer address. Who reads the one on her card today is not Ann."""
    address = f"given-up-{has_account}@example.com".lower()
    whose = make_user(app, "Ann")
    make_customer(app, shop, "Ann", email=address, email_norm=address, user_id=whose)
    if has_account:
        make_user(app, "Eve", email=address)
    eve = app.test_client()
    eve.post(shop.portal("/sign-in"), data={"email": address})
    assert mails(as_admin, address) == 0
    eve.post(shop.portal("/join"), data=joining(address))
    refused = eve.post(
        shop.portal("/code"),
        data={"code": mailed_code(as_admin, address)},
        follow_redirects=True,
    )
    assert refused.status_code == 409
    assert "This address is on the card of somebody else." in refused.text
    assert "Ann" not in refused.text
    assert eve.get(shop.portal("/card")).status_code == 303
    row = card_of(as_admin, shop, address)
    assert row is not None
    assert row[3] == whose


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": "no address"}, "Enter an e-mail address with an @"),
        ({"first_name": ""}, "Enter your name."),
        ({"first_name": "x" * 81}, "at most 80 characters"),
        ({"phone": "12"}, "Enter a phone number"),
        ({"new_id": "../../etc"}, "Open the form again"),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    client: FlaskClient, shop: Shop, changes: dict[str, str], sentence: str
) -> None:
    answer = client.post(
        shop.portal("/join"), data=joining(**{"email": "fine@example.com"} | changes)
    )
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_code_asked_for_elsewhere_is_not_entered_here(app: Flask, shop: Shop) -> None:
    other = make_shop(app)
    client = app.test_client()
    client.post(shop.portal("/join"), data=joining("walker@example.com"))
    assert client.get(other.portal("/code")).location == other.portal("/sign-in")


def test_after_signing_in_one_is_where_one_wanted_to_go(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    for wanted, reached in (("/rewards", "/rewards"), ("//evil.example/", "/card")):
        email = f"wanted{len(wanted)}@example.com"
        make_customer(app, shop, email=email, email_norm=email)
        client = app.test_client()
        path = shop.portal(wanted) if wanted == "/rewards" else wanted
        client.post(shop.portal("/sign-in"), query_string={"next": path}, data={"email": email})
        answer = client.post(shop.portal("/code"), data={"code": mailed_code(as_admin, email)})
        assert answer.location == shop.portal(reached)


def test_signing_out_closes_the_card(app: Flask, shop: Shop) -> None:
    client, _ = member(app, shop)
    assert client.get(shop.portal("/card")).status_code == 200
    assert client.post(shop.portal("/sign-out")).location == shop.portal("/")
    assert client.get(shop.portal("/card")).status_code == 303


def test_my_cards_lists_the_shops_of_this_person(app: Flask, shop: Shop) -> None:
    other, strange = make_shop(app), make_shop(app)
    user_id = make_user(app)
    for where in (shop, other):
        make_customer(app, where, user_id=user_id)
    client = app.test_client()
    assert "You are signed out" in client.get("/my-cards/").text
    sign_in(client, user_id, audience="portal")
    text = client.get("/my-cards/").text
    assert shop.portal("/card") in text
    assert other.portal("/card") in text
    assert strange.slug not in text
