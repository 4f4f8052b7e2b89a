"""Signing in and out: the same answer for everybody who does not know the password."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from nxloy_web.identity import passwords
from nxloy_web.identity.guesses import Origin
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User
from tests.factories import make_customer, make_shop, make_user, sign_in
from tests.identity.letters import last_mail, link_in

Admin = psycopg.Connection[tuple[Any, ...]]
PASSWORD = "seven grey herons"
WRONG = "The e-mail address or the password is not right."


@pytest.fixture(scope="module")
def password_hash() -> str:
    return passwords.hashed(PASSWORD)


@pytest.fixture
def person(app: Flask, password_hash: str) -> Callable[..., str]:
    def make(email: str, **values: Any) -> str:
        return make_user(app, "Maria Lund", email, password_hash=password_hash, **values)

    return make


def come_in(client: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> Any:
    """As a person does: with the form of the page, and what stands in it."""
    page = BeautifulSoup(client.get("/sign-in", query_string=more).text, "html.parser")
    form = page.select_one("form#sign-in")
    assert form is not None, "somebody is signed in already"
    fields = {str(each["name"]): str(each.get("value", "")) for each in form.select("input")}
    assert {"email", "password"} <= fields.keys()
    fields |= {"email": email, "password": password}
    return client.open(str(form["action"]), method="POST", data=fields)


def is_in(client: FlaskClient) -> bool:
    return client.get("/places").status_code == 200


def test_address_and_password_let_in(client: FlaskClient, person: Callable[..., str]) -> None:
    person("in@example.com")
    assert come_in(client, " In@Example.com ").status_code == 303
    assert is_in(client)
    assert client.get("/sign-in").status_code == 303


def test_somebody_of_one_business_lands_in_it(
    app: Flask, client: FlaskClient, person: Callable[..., str], as_admin: Admin
) -> None:
    shop = make_shop(app)
    user_id = person("one@example.com")
    as_admin.execute(
        "UPDATE memberships SET user_id = %s WHERE user_id = %s",
        [user_id, shop.users[Role.STAFF]],
    )
    assert come_in(client, "one@example.com").location == shop.url("/")
    assert client.get("/").location == shop.url("/")


def test_unknown_and_wrong_get_the_same_answer(
    client: FlaskClient, person: Callable[..., str]
) -> None:
    person("real@example.com")
    wrong = come_in(client, "real@example.com", "not this one")
    unknown = come_in(client, "unreal@example.com", "not this one")
    assert wrong.status_code == unknown.status_code == 422
    assert WRONG in wrong.text
    assert shown(wrong).replace("real@", "") == shown(unknown).replace("unreal@", "")


def shown(answer: TestResponse) -> str:
    """The page without its tokens, which tell the second they were made in."""
    return re.sub(r'(name="csrf" content|name="csrf_token" [^>]*value)="[^"]*"', "", answer.text)


def from_place(app: Flask, address: str) -> FlaskClient:
    """A new browser somewhere in the network."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def test_five_wrong_tries_shut_out_whoever_makes_them(
    app: Flask, person: Callable[..., str]
) -> None:
    """X10: they closed the account for its owner, from anywhere."""
    person("guess@example.com")
    stranger, owner = from_place(app, "203.0.113.5"), from_place(app, "198.51.100.7")
    for _ in range(5):
        come_in(stranger, "guess@example.com", "guessing")
    assert come_in(stranger, "guess@example.com").status_code == 422
    assert come_in(owner, "guess@example.com").status_code == 303
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16)):
        assert come_in(stranger, "guess@example.com").status_code == 303


def test_a_browser_that_is_known_passes_whatever_strangers_do(
    app: Flask, person: Callable[..., str]
) -> None:
    """X10: also behind the same address, and when many addresses take turns."""
    person("known@example.com")
    owner = from_place(app, "203.0.113.5")
    come_in(owner, "known@example.com")
    owner.post("/sign-out")
    for number in range(10):
        for _ in range(5):
            come_in(from_place(app, f"203.0.113.{number}"), "known@example.com", "guessing")
    elsewhere = from_place(app, "198.51.100.7")
    assert come_in(elsewhere, "known@example.com").status_code == 422, "strangers have a bound"
    assert come_in(owner, "known@example.com").status_code == 303
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=4)):
        assert come_in(elsewhere, "known@example.com").status_code == 303


def test_a_known_browser_guesses_no_more_than_others(
    app: Flask, person: Callable[..., str]
) -> None:
    person("left-open@example.com")
    tablet = app.test_client()
    come_in(tablet, "left-open@example.com")
    tablet.post("/sign-out")
    for _ in range(5):
        come_in(tablet, "left-open@example.com", "guessing")
    assert come_in(tablet, "left-open@example.com").status_code == 422


def test_a_browser_is_known_to_one_person_until_they_sign_out_everywhere(
    app: Flask, person: Callable[..., str]
) -> None:
    for name in ("mine", "yours"):
        person(f"{name}-alone@example.com")
    tablet = from_place(app, "203.0.113.5")
    come_in(tablet, "mine-alone@example.com")
    tablet.post("/account/sign-out-everywhere")
    stranger = from_place(app, "203.0.113.5")
    for name in ("mine", "yours"):
        for _ in range(5):
            come_in(stranger, f"{name}-alone@example.com", "guessing")
        assert come_in(tablet, f"{name}-alone@example.com").status_code == 422


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("203.0.113.5", "203.0.113.6", False), ("2001:db8::1", "2001:db8::ffff:2", True),
     ("2001:db8::1", "2001:db8:0:1::1", False), ("", "a socket", True)],
)  # fmt: skip
def test_a_household_is_one_place(one: str, other: str, same: bool) -> None:
    somebody = User(id="c" * 25, session_epoch=1)
    assert (Origin(one).source_for(somebody) == Origin(other).source_for(somebody)) is same


def test_guesses_at_the_same_moment_are_all_counted(
    app: Flask, person: Callable[..., str], as_admin: Admin
) -> None:
    user_id = person("many@example.com")

    def guess(_: int) -> int:
        return int(come_in(app.test_client(), "many@example.com", "guessing").status_code)

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(guess, range(4))) == {422}
    row = as_admin.execute("SELECT failed_sign_ins FROM users WHERE id = %s", [user_id]).fetchone()
    assert row == (4,)


def test_somebody_without_a_password_cannot_sign_in_with_one(
    app: Flask, client: FlaskClient
) -> None:
    make_user(app, "Portal only", "portal-only@example.com")
    assert come_in(client, "portal-only@example.com", "").status_code == 422
    assert come_in(client, "portal-only@example.com", "anything at all").status_code == 422


def test_an_unproved_address_gets_a_new_link_instead(
    app: Flask, client: FlaskClient, person: Callable[..., str]
) -> None:
    person("new@example.com", email_verified=False, email_verified_at=None)
    assert come_in(client, "new@example.com").location == "/sign-up/check-mail"
    assert not is_in(client)
    link = link_in(last_mail(app, "new@example.com"), "/verify/")
    assert client.post(link).status_code == 303
    assert is_in(client)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("/account?x=1", "/account?x=1"),
        ("https://evil.example/", "/places"),
        ("//evil.example/", "/places"),
        ("/\\evil.example/", "/places"),
        ("/\t/evil.example/", "/places"),
        ("javascript:alert(1)", "/places"),
        ("/" + "x" * 600, "/places"),
    ],
)
def test_only_a_page_of_ours_follows_the_sign_in(
    app: Flask, person: Callable[..., str], wanted: str, found: str
) -> None:
    email = f"next-{abs(hash(wanted))}@example.com"
    person(email)
    assert come_in(app.test_client(), email, next=wanted).location == found


def test_a_session_from_before_the_sign_in_is_gone(
    client: FlaskClient, person: Callable[..., str]
) -> None:
    person("fixed@example.com")
    with client.session_transaction() as session:
        session["planted"] = "by somebody else"
    come_in(client, "fixed@example.com")
    with client.session_transaction() as session:
        assert "planted" not in session


def test_signing_out_is_a_post_and_ends_the_session(
    client: FlaskClient, person: Callable[..., str]
) -> None:
    person("out@example.com")
    come_in(client, "out@example.com")
    assert client.get("/sign-out").status_code == 405
    assert is_in(client)
    assert client.post("/sign-out").status_code == 303
    assert not is_in(client)


def test_signed_out_visitors_are_led_to_the_sign_in_and_back(app: Flask) -> None:
    shop = make_shop(app)
    answer = app.test_client().get(shop.url("/"))
    assert answer.location == f"/sign-in?next=/b/{shop.slug}/"


def test_places_show_teams_and_cards_apart(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    make_customer(app, other, user_id=shop.owner_id)
    client = app.test_client()
    sign_in(client, shop.owner_id)
    text = client.get("/places").text
    assert shop.url("/") in text
    assert other.url("/") not in text
    assert "My cards" in text


def test_a_code_signs_in_to_cards_only(app: Flask) -> None:
    """Staff pages accept only a password, whatever memberships the person has."""
    shop = make_shop(app)
    client = app.test_client()
    sign_in(client, shop.owner_id, audience="portal")
    assert client.get(shop.url("/")).location.startswith("/sign-in")
    assert f"/sign-in?next=/b/{shop.slug}/" in client.get("/places").text


def test_a_stranger_gets_not_found(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    client = app.test_client()
    sign_in(client, other.owner_id)
    for path in ("/", "/settings/", "/team/", "/locations/"):
        assert client.get(shop.url(path)).status_code == 404
    assert client.get("/b/no-such-business/").status_code == 404


@pytest.mark.parametrize("text", ["x" * 300, "<script>", "a@b", "\0@example.com"])
def test_hostile_sign_ins_get_a_sentence(client: FlaskClient, text: str) -> None:
    answer = come_in(client, text, text)
    assert answer.status_code == 422
    assert "<script>" not in answer.text.split("</head>")[1]
