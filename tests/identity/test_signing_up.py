"""A merchant starts: a person, a business and a location, once the address is proved."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web.db.ids import new_id
from tests.factories import as_role, make_shop, make_user, sign_in
from tests.identity.letters import last_mail, link_in, mails_to
from tests.pressing import browser_of, hostile_post, press

Admin = psycopg.Connection[tuple[Any, ...]]
PASSWORD = "seven grey herons"


def typed(**changes: str) -> dict[str, str]:
    number = new_id()[-8:]
    return {
        "new_id": new_id(),
        "name": "Maria Lund",
        "email": f"maria-{number}@example.com",
        "password": PASSWORD,
        "business_name": f"Café {number}",
        "slug": "",
        "proposed": "",
        "currency": "EUR",
        "timezone": "Europe/Berlin",
        "location_name": "Harbour",
    } | changes


def signed_up(app: Flask, client: FlaskClient, **changes: str) -> dict[str, str]:
    form = typed(**changes)
    assert client.post("/sign-up", data=form).status_code == 303
    return form


def count(admin: Admin, table: str, column: str, value: str) -> int:
    row = admin.execute(
        psycopg.sql.SQL("SELECT count(*) FROM {} WHERE {} = %s").format(
            psycopg.sql.Identifier(table), psycopg.sql.Identifier(column)
        ),
        [value],
    ).fetchone()
    assert row is not None
    return int(row[0])


def test_signing_up_makes_owner_business_and_location(
    app: Flask, client: FlaskClient, as_admin: Admin
) -> None:
    form = signed_up(app, client)
    row = as_admin.execute(
        "SELECT b.name, b.slug, b.currency, b.timezone, m.role, l.name, u.email_verified "
        "FROM businesses b JOIN memberships m ON m.business_id = b.id "
        "JOIN locations l ON l.business_id = b.id JOIN users u ON u.id = m.user_id "
        "WHERE b.id = %s",
        [form["new_id"]],
    ).fetchall()
    slug = form["business_name"].lower().replace("é", "e").replace(" ", "-")
    assert row == [(form["business_name"], slug, "EUR", "Europe/Berlin", "OWNER", "Harbour", False)]
    assert count(as_admin, "audit_entries", "subject_id", form["new_id"]) == 1


def test_nobody_is_signed_in_before_the_address_is_proved(app: Flask, client: FlaskClient) -> None:
    signed_up(app, client)
    assert client.get("/places").status_code == 303


def test_the_link_signs_in_the_browser_that_signed_up(app: Flask, client: FlaskClient) -> None:
    form = signed_up(app, client)
    link = link_in(last_mail(app, form["email"]), "/verify/")
    assert b"Confirm and continue" in client.get(link).data
    assert client.get("/places").status_code == 303, "looking at the link proves nothing"
    answer = client.post(link)
    assert answer.status_code == 303
    assert answer.location.startswith("/b/cafe-")
    assert client.get("/places").status_code == 200
    assert client.get(link).status_code == 410


def test_another_browser_needs_the_password_too(app: Flask, client: FlaskClient) -> None:
    """Else somebody could sign up with my address and wait until I press the button."""
    form = signed_up(app, client)
    link = link_in(last_mail(app, form["email"]), "/verify/")
    other = app.test_client()
    assert b"password you chose" in other.get(link).data
    assert other.post(link, data={"password": "something else"}).status_code == 422
    assert other.get("/places").status_code == 303
    assert other.post(link, data={"password": PASSWORD}).status_code == 303
    assert other.get("/places").status_code == 200


def test_pressing_twice_makes_one_business_and_one_mail(
    app: Flask, client: FlaskClient, as_admin: Admin
) -> None:
    form = signed_up(app, client)
    assert client.post("/sign-up", data=form).status_code == 303
    assert count(as_admin, "memberships", "business_id", form["new_id"]) == 1
    assert len(mails_to(app, form["email"])) == 1


def test_two_presses_at_the_same_moment_make_one_business(app: Flask, as_admin: Admin) -> None:
    form = typed()

    def press(_: int) -> int:
        return app.test_client().post("/sign-up", data=form).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(press, range(4))) == {303}
    assert count(as_admin, "memberships", "business_id", form["new_id"]) == 1
    assert len(mails_to(app, form["email"])) == 1


def test_a_known_address_gets_the_same_answer_and_a_mail(
    app: Flask, client: FlaskClient, as_admin: Admin
) -> None:
    make_user(app, "Known", "known@example.com")
    form = typed(email="Known@Example.com")
    answer = client.post("/sign-up", data=form)
    unknown = app.test_client().post("/sign-up", data=typed())
    assert (answer.status_code, answer.location) == (unknown.status_code, unknown.location)
    assert count(as_admin, "businesses", "id", form["new_id"]) == 0
    assert last_mail(app, "known@example.com")["Subject"] == "You have an account already"


def test_the_id_of_another_business_opens_nothing(
    app: Flask, client: FlaskClient, as_admin: Admin
) -> None:
    shop = make_shop(app)
    form = typed(new_id=shop.business_id)
    answer = client.post("/sign-up", data=form)
    assert answer.status_code == 409
    assert b"This form was sent before" in answer.data
    assert count(as_admin, "memberships", "business_id", shop.business_id) == 4
    assert count(as_admin, "users", "email", form["email"]) == 0


def test_a_shop_has_no_public_page_before_its_owner_is_known(
    app: Flask, client: FlaskClient
) -> None:
    """X12: a stranger's shop had one at once, under any name."""
    form = signed_up(app, client, slug=f"prize-{new_id()[-8:]}")
    front = f"/p/{form['slug']}/"
    visitor = app.test_client()
    for path in ("", "join", "sign-in", "card"):
        assert visitor.get(front + path).status_code == 404
    link = link_in(last_mail(app, form["email"]), "/verify/")
    page = browser_of(app).get(link)
    assert press(page, "Confirm and continue", password=form["password"]).status_code in (200, 303)
    assert visitor.get(front).status_code == 200


def test_a_taken_id_tells_nobody_whose_address_is_known(
    app: Flask, client: FlaskClient, as_admin: Admin
) -> None:
    """X8: with the id of a business an unknown address was answered otherwise than a known one."""
    shop = make_shop(app)
    make_user(app, "Known", "known-elsewhere@example.com")
    (owners,) = as_admin.execute(
        "SELECT email FROM users WHERE id = %s", [shop.owner_id]
    ).fetchone()
    answers = {
        (answer.status_code, answer.location)
        for email in ("unknown@example.com", "known-elsewhere@example.com", owners)
        for sent in [typed(new_id=shop.business_id, email=email)]
        for answer in [hostile_post(browser_of(app), "a forged field", "/sign-up", sent)]
    }
    assert answers == {(409, None)}
    assert mails_to(app, "known-elsewhere@example.com") == []


def test_a_taken_web_address_is_said_and_another_proposed(app: Flask, client: FlaskClient) -> None:
    make_shop(app, "cafe-luna-taken")
    answer = client.post("/sign-up", data=typed(slug="cafe-luna-taken"))
    assert answer.status_code == 422
    assert b"cafe-luna-taken-2 is free" in answer.data
    assert b"Maria Lund" in answer.data


def test_the_web_address_follows_the_name_until_it_is_typed(client: FlaskClient) -> None:
    proposed = client.get("/sign-up/web-address?business_name=Brot+%26+S%C3%B6hne").text
    assert 'value="brot-sohne"' in proposed
    own = client.get("/sign-up/web-address?business_name=X&slug=My Place!&proposed=brot-sohne").text
    assert "small letters from a to z" in own


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Enter your name."),
        ("name", "   \n ", "Enter your name."),
        ("name", "x" * 81, "Use at most 80 characters."),
        ("email", "maria", "Enter an e-mail address with an @"),
        ("email", "maria@example.com\nBcc: x@example.com", "Enter an e-mail address"),
        ("email", "m" * 300 + "@example.com", "too long for an e-mail address"),
        ("password", "short", "at least 10 characters"),
        ("password", "password123", "Too many people use this"),
        ("password", "x" * 201, "at most 200 characters"),
        ("password", "Maria Lund", "your name or address"),
        ("business_name", "", "Enter the name of your business."),
        ("business_name", "ラーメン", "Choose a web address"),
        ("slug", "No Spaces!", "small letters from a to z"),
        ("slug", "ab", "at least 3 letters"),
        ("slug", "x" * 41, "at most 40 letters"),
        ("currency", "EUX", "Not a valid choice"),
        ("timezone", "Europe/Nowhere", "Not a valid choice"),
        ("location_name", "", "Enter the name of a shop"),
        ("new_id", "../../x", "Open the form again"),
    ],
)
def test_a_bad_form_says_what_is_wrong_and_keeps_the_rest(
    client: FlaskClient, field: str, value: str, sentence: str
) -> None:
    form = typed(**{field: value})
    answer = client.post("/sign-up", data=form)
    assert answer.status_code == 422
    assert sentence in answer.text
    if field != "location_name":
        assert "Harbour" in answer.text
    assert PASSWORD not in answer.text


def test_hostile_names_are_shown_as_text(client: FlaskClient) -> None:
    answer = client.post(
        "/sign-up", data=typed(name="<script>alert(1)</script>\0", password="short")
    )
    assert "<script>alert(1)" not in answer.text
    assert "&lt;script&gt;alert(1)" in answer.text


def test_the_mail_can_be_sent_again_and_the_newest_link_counts(
    app: Flask, client: FlaskClient
) -> None:
    form = signed_up(app, client)
    first = link_in(last_mail(app, form["email"]), "/verify/")
    assert client.post("/sign-up/mail").status_code == 303
    second = link_in(last_mail(app, form["email"]), "/verify/")
    assert first != second
    assert client.post(first).status_code == 410
    assert client.post(second).status_code == 303


def test_somebody_signed_in_adds_a_business(app: Flask, as_admin: Admin) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    form = typed()
    first, second = (client.post("/businesses/new", data=form) for _ in range(2))
    assert first.status_code == second.status_code == 303
    assert first.location == second.location
    assert count(as_admin, "memberships", "user_id", shop.owner_id) == 2
    assert form["business_name"] in client.get("/places").text


def test_a_customer_signed_in_by_code_cannot_open_a_business(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, make_user(app), audience="portal")
    assert client.post("/businesses/new", data=typed()).location.startswith("/sign-in")


@pytest.mark.parametrize(
    ("zone", "chosen"),
    [
        ("Asia/Tokyo", ("JPY", "Asia/Tokyo")),
        ("Asia/Calcutta", ("INR", "Asia/Kolkata")),
        ("Europe/Berlin", ("EUR", "Europe/Berlin")),
        ("UTC", ("USD", "America/New_York")),
        ("Mars/Olympus", ("USD", "America/New_York")),
        ("", ("USD", "America/New_York")),
    ],
)
def test_the_clock_of_the_device_proposes_currency_and_zone(
    client: FlaskClient, zone: str, chosen: tuple[str, str]
) -> None:
    """D4: USD and New York were proposed to everybody whose browser reads American English."""
    answer = client.get(
        "/sign-up/where", query_string={"zone": zone}, headers={"Accept-Language": "en-US,en"}
    )
    page = BeautifulSoup(answer.data, "html.parser")
    selected = [
        page.select_one(f"#{name} option[selected]")["value"] for name in ("currency", "timezone")
    ]
    assert tuple(selected) == chosen


def test_without_javascript_the_language_proposes_them(client: FlaskClient) -> None:
    """D4."""
    page = client.get("/sign-up", headers={"Accept-Language": "de-AT,de;q=0.8,en;q=0.5"}).data
    assert b'<option selected value="Europe/Vienna"' in page
    assert b'<option selected value="EUR"' in page
