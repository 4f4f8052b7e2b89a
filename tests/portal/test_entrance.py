"""Coming in: joining, signing in with a mailed code, and what a code does not open."""

import pytest
from flask import Flask

from tests.factories import Shop, make_customer, make_shop, make_user
from tests.portal.steps import Admin, come_in, enter_code, join, mailed_code, mails, member
from tests.pressing import Browser, browser_of, hostile_post, press, words_of


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def card_of(admin: Admin, shop: Shop, email: str) -> tuple[object, ...] | None:
    return admin.execute(
        "SELECT first_name, phone_e164, email_opt_in, user_id, member_code FROM customers "
        "WHERE business_id = %s AND email_norm = %s",
        (shop.business_id, email),
    ).fetchone()


@pytest.fixture
def phone(app: Flask) -> Browser:
    """Of somebody whom nobody knows yet."""
    return browser_of(app)


def is_let_in(phone: Browser, shop: Shop) -> bool:
    return phone.get(shop.portal("/card")).status_code == 200


def test_anybody_sees_the_front_page_and_nothing_behind_it(phone: Browser, shop: Shop) -> None:
    front = phone.get(shop.portal("/"))
    assert "Get your card" in front.text
    behind = phone.get(shop.portal("/card"))
    assert behind.status_code == 303
    assert behind.follow().request.path == shop.portal("/sign-in")


def test_an_unknown_business_is_not_found(phone: Browser) -> None:
    phone.get("/p/nobody-here/", status=404)


def test_joining_makes_a_card_once_the_code_came_back(
    phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    asked = join(phone, shop, "zoe@example.com", phone="030 1234567", email_opt_in=True)
    assert asked.request.path == shop.portal("/code")
    assert card_of(as_admin, shop, "zoe@example.com") is None
    code = mailed_code(as_admin, "zoe@example.com")
    entered = enter_code(asked, f"{code[:3]} {code[3:]}")
    assert entered.request.path == shop.portal("/card")
    row = card_of(as_admin, shop, "zoe@example.com")
    assert row is not None
    assert row[:3] == ("Amara", "+49301234567", True)
    assert is_let_in(phone, shop)


def test_the_same_answer_for_known_and_unknown_addresses(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, email="known@example.com", email_norm="known@example.com")
    pages = []
    for email in ("known@example.com", "other@example.com"):
        answer = come_in(browser_of(app), shop, email)
        text = answer.text.replace(email, "somebody")
        pages.append((answer.status_code, answer.request.path, len(text)))
    assert pages[0] == pages[1]
    assert mails(as_admin, "known@example.com") == 1
    assert mails(as_admin, "other@example.com") == 0


def test_the_first_code_links_the_card_of_this_business_only(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    other = make_shop(app)
    email = "enrolled@example.com"
    for where in (shop, other):
        make_customer(app, where, email=email, email_norm=email)
    enter_code(come_in(phone, shop, "Enrolled@Example.com"), mailed_code(as_admin, email))
    assert is_let_in(phone, shop)
    here, there = card_of(as_admin, shop, email), card_of(as_admin, other, email)
    assert here is not None
    assert here[3] is not None
    assert there is not None
    assert there[3] is None
    assert not is_let_in(phone, other)


def test_guessing_stops_after_a_few_tries(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, email="guessed@example.com", email_norm="guessed@example.com")
    page = come_in(phone, shop, "guessed@example.com")
    code = mailed_code(as_admin, "guessed@example.com")
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for _ in range(5):
        page = enter_code(page, wrong)
        assert page.status_code == 422
        assert "wrong or too old" in page.text
    assert enter_code(page, code).status_code == 422
    assert not is_let_in(phone, shop)


def test_another_code_ends_the_first(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, email="twice@example.com", email_norm="twice@example.com")
    asked = come_in(phone, shop, "twice@example.com")
    first = mailed_code(as_admin, "twice@example.com")
    again = press(asked, "Send another code")
    assert again.request.path == shop.portal("/code")
    second = mailed_code(as_admin, "twice@example.com")
    if first != second:
        assert enter_code(again, first).status_code == 422
    assert enter_code(again, second).request.path == shop.portal("/card")


def test_codes_are_not_sent_without_end(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, email="flood@example.com", email_norm="flood@example.com")
    asked = come_in(phone, shop, "flood@example.com")
    for _ in range(12):
        assert press(asked, "Send another code").status_code == 200
    assert mails(as_admin, "flood@example.com") <= 6


def test_a_mailed_code_opens_no_page_of_the_team_even_for_the_owner(
    phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    row = as_admin.execute("SELECT email FROM users WHERE id = %s", (shop.owner_id,)).fetchone()
    assert row is not None
    enter_code(join(phone, shop, row[0]), mailed_code(as_admin, row[0]))
    assert is_let_in(phone, shop)
    desk = phone.get(shop.url("/"))
    assert desk.status_code == 303
    assert "/sign-in" in desk.location


def test_whoever_came_with_a_password_keeps_that_sign_in(app: Flask, as_admin: Admin) -> None:
    shop = make_shop(app)
    row = as_admin.execute("SELECT email FROM users WHERE id = %s", (shop.owner_id,)).fetchone()
    assert row is not None
    owner = browser_of(app, shop.owner_id)
    enter_code(join(owner, shop, row[0]), mailed_code(as_admin, row[0]))
    assert is_let_in(owner, shop)
    assert owner.get(shop.url("/")).status_code == 200


def test_a_number_on_another_card_does_not_cost_the_new_one(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, "Secret", phone_e164="+493012345678", phone_number="030 12345678")
    asked = join(phone, shop, "late@example.com", phone="030 12345678")
    answer = enter_code(asked, mailed_code(as_admin, "late@example.com"))
    assert answer.request.path == shop.portal("/card")
    assert "Secret" not in answer.text
    row = card_of(as_admin, shop, "late@example.com")
    assert row is not None
    assert row[1] is None


def test_joining_with_a_known_address_opens_the_card_there_is(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin
) -> None:
    make_customer(app, shop, "Noah", email="noah@example.com", email_norm="noah@example.com")
    enter_code(join(phone, shop, "noah@example.com"), mailed_code(as_admin, "noah@example.com"))
    row = card_of(as_admin, shop, "noah@example.com")
    assert row is not None
    assert row[0] == "Noah"


@pytest.mark.parametrize("has_account", [False, True])
def test_a_card_that_somebody_signs_in_to_is_never_claimed_by_its_address(
    app: Flask, phone: Browser, shop: Shop, as_admin: Admin, has_account: bool
) -> None:
    """Ann signs in with a newer address. Who reads the one on her card today is not Ann."""
    address = f"given-up-{has_account}@example.com".lower()
    whose = make_user(app, "Ann")
    make_customer(app, shop, "Ann", email=address, email_norm=address, user_id=whose)
    if has_account:
        make_user(app, "Eve", email=address)
    come_in(phone, shop, address)
    assert mails(as_admin, address) == 0
    refused = enter_code(join(phone, shop, address), mailed_code(as_admin, address))
    assert refused.status_code == 409
    assert "This address is on the card of somebody else." in refused.text
    assert "Ann" not in words_of(refused.text)
    assert not is_let_in(phone, shop)
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
    ],
)
def test_a_bad_form_says_what_is_wrong(
    phone: Browser, shop: Shop, changes: dict[str, str], sentence: str
) -> None:
    answer = join(phone, shop, **{"email": "fine@example.com"} | changes)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_hostile_id_is_refused(phone: Browser, shop: Shop) -> None:
    fields = {"first_name": "Amara", "email": "fine@example.com", "new_id": "../../etc"}
    answer = hostile_post(phone, "a wrong id", shop.portal("/join"), fields)
    assert answer.status_code == 422
    assert "Open the form again" in answer.text


def test_a_code_asked_for_elsewhere_is_not_entered_here(
    app: Flask, phone: Browser, shop: Shop
) -> None:
    other = make_shop(app)
    join(phone, shop, "walker@example.com")
    assert phone.get(other.portal("/code")).location == other.portal("/sign-in")


def test_after_signing_in_one_is_where_one_wanted_to_go(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    for wanted, reached in (("/rewards", "/rewards"), ("//evil.example/", "/card")):
        email = f"wanted{len(wanted)}@example.com"
        make_customer(app, shop, email=email, email_norm=email)
        path = shop.portal(wanted) if wanted == "/rewards" else wanted
        door = browser_of(app).get(shop.portal("/sign-in"), {"next": path})
        asked = press(door, "Send me a code", email=email)
        answer = enter_code(asked, mailed_code(as_admin, email))
        assert answer.request.path == shop.portal(reached)


def test_signing_out_closes_the_card(app: Flask, shop: Shop) -> None:
    phone, _ = member(app, shop)
    assert is_let_in(phone, shop)
    out = press(phone.get(shop.portal("/profile")), "Sign out")
    assert out.request.path == shop.portal("/")
    assert not is_let_in(phone, shop)


def test_my_cards_lists_the_shops_of_this_person(app: Flask, shop: Shop) -> None:
    other, strange = make_shop(app), make_shop(app)
    user_id = make_user(app)
    for where in (shop, other):
        make_customer(app, where, user_id=user_id)
    assert "You are signed out" in browser_of(app).get("/my-cards/").text
    text = browser_of(app, user_id, audience="portal").get("/my-cards/").text
    assert shop.portal("/card") in text
    assert other.portal("/card") in text
    assert strange.slug not in text
