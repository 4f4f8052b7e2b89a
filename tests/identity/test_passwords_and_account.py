"""A lost password, and what people change about their own account."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web.identity import passwords
from tests.factories import make_user, sign_in
from tests.identity.letters import last_mail, link_in, mails_to

Admin = psycopg.Connection[tuple[Any, ...]]
PASSWORD = "seven grey herons"
OTHER = "nine white swans"
_numbers = count(1)
Person = tuple[str, str]


@pytest.fixture(scope="module")
def password_hash() -> str:
    return passwords.hashed(PASSWORD)


@pytest.fixture
def person(app: Flask, password_hash: str) -> Person:
    email = f"somebody{next(_numbers)}@example.org"
    return make_user(app, "Maria Lund", email, password_hash=password_hash), email


@pytest.fixture
def own(client: FlaskClient, person: Person) -> FlaskClient:
    """The person's own browser."""
    sign_in(client, person[0])
    return client


@pytest.fixture
def enters(app: Flask) -> Callable[[str, str], bool]:
    def try_it(email: str, password: str) -> bool:
        answer = app.test_client().post("/sign-in", data={"email": email, "password": password})
        return answer.status_code == 303

    return try_it


def test_a_mailed_link_sets_a_new_password_once(
    app: Flask, client: FlaskClient, person: Person, enters: Callable[[str, str], bool]
) -> None:
    user_id, email = person
    left_open = app.test_client()
    sign_in(left_open, user_id)
    assert client.post("/password/forgotten", data={"email": email.upper()}).status_code == 303
    link = link_in(last_mail(app, email), "/password/new/")
    assert email in client.get(link).text
    assert client.post(link, data={"password": OTHER}).status_code == 303
    assert client.get("/account").status_code == 200, "signed in by the reset"
    assert left_open.get("/account").status_code == 303, "other browsers are signed out"
    assert client.post(link, data={"password": PASSWORD}).status_code == 410
    assert enters(email, OTHER)
    assert not enters(email, PASSWORD)


def test_an_unknown_address_gets_the_same_answer(app: Flask, person: Person) -> None:
    known = app.test_client().post("/password/forgotten", data={"email": person[1]})
    unknown = app.test_client().post("/password/forgotten", data={"email": "no@example.org"})
    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert mails_to(app, "no@example.org") == []


def test_the_link_lapses_after_an_hour(app: Flask, client: FlaskClient, person: Person) -> None:
    client.post("/password/forgotten", data={"email": person[1]})
    link = link_in(last_mail(app, person[1]), "/password/new/")
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=61)):
        assert client.get(link).status_code == 410
    assert client.get(link).status_code == 200


def test_a_link_pressed_twice_at_once_counts_once(
    app: Flask, client: FlaskClient, person: Person
) -> None:
    client.post("/password/forgotten", data={"email": person[1]})
    link = link_in(last_mail(app, person[1]), "/password/new/")

    def press(number: int) -> int:
        return app.test_client().post(link, data={"password": f"{OTHER} {number}"}).status_code

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(press, range(3)))
    assert answers[0] == 303
    assert set(answers[1:]) <= {409, 410}


def test_links_go_to_our_address_whatever_the_host_header_says(
    app: Flask, client: FlaskClient, person: Person
) -> None:
    client.post("/password/forgotten", data={"email": person[1]}, headers={"Host": "evil.example"})
    assert "evil.example" not in last_mail(app, person[1]).as_string()


def test_nobodys_inbox_is_flooded(app: Flask, client: FlaskClient, person: Person) -> None:
    for _ in range(9):
        client.post("/password/forgotten", data={"email": person[1]})
    assert len(mails_to(app, person[1])) == 6


@pytest.mark.parametrize("token", ["x", "x" * 500, "%00", "..%2f..", "<script>"])
def test_a_made_up_link_is_no_link(client: FlaskClient, token: str) -> None:
    assert client.get(f"/password/new/{token}").status_code in (404, 410)
    assert client.get(f"/verify/{token}").status_code in (404, 410)


def test_a_reset_proves_the_address(app: Flask, client: FlaskClient, as_admin: Admin) -> None:
    user_id = make_user(app, "New", "proves@example.org", email_verified=False)
    client.post("/password/forgotten", data={"email": "proves@example.org"})
    link = link_in(last_mail(app, "proves@example.org"), "/password/new/")
    assert client.post(link, data={"password": OTHER}).status_code == 303
    row = as_admin.execute("SELECT email_verified FROM users WHERE id = %s", [user_id]).fetchone()
    assert row == (True,)
    assert client.get("/account").status_code == 200


def test_a_name_is_changed(own: FlaskClient) -> None:
    assert own.post("/account/name", data={"name": "  Maria\nBerg "}).status_code == 303
    assert 'value="Maria Berg"' in own.get("/account").text


def test_a_password_needs_the_current_one_and_ends_other_browsers(
    app: Flask, own: FlaskClient, person: Person, enters: Callable[[str, str], bool]
) -> None:
    user_id, email = person
    other = app.test_client()
    sign_in(other, user_id)
    wrong = own.post("/account/password", data={"current": "no", "password": OTHER})
    assert wrong.status_code == 422
    assert "not your current password" in wrong.text
    right = own.post("/account/password", data={"current": PASSWORD, "password": OTHER})
    assert right.status_code == 303
    assert own.get("/account").status_code == 200
    assert other.get("/account").status_code == 303
    assert enters(email, OTHER)
    assert last_mail(app, email)["Subject"] == "Your password was changed"


def test_signing_out_everywhere_ends_every_browser(
    app: Flask, own: FlaskClient, person: Person
) -> None:
    other = app.test_client()
    sign_in(other, person[0])
    assert own.post("/account/sign-out-everywhere").status_code == 303
    assert own.get("/account").status_code == 303
    assert other.get("/account").status_code == 303


def test_a_new_address_counts_once_its_link_was_opened(
    app: Flask, own: FlaskClient, person: Person, enters: Callable[[str, str], bool]
) -> None:
    _, old = person
    new = "moved." + old
    refused = own.post("/account/email", data={"email": new, "current": "wrong"})
    assert refused.status_code == 422
    assert own.post("/account/email", data={"email": new, "current": PASSWORD}).status_code == 303
    assert enters(old, PASSWORD)
    link = link_in(last_mail(app, new), "/account/email/")
    assert new in app.test_client().get(link).text
    assert app.test_client().post(link).status_code == 303
    assert enters(new, PASSWORD)
    assert not enters(old, PASSWORD)
    assert last_mail(app, old)["Subject"] == "Your address was changed"
    assert own.get("/account").status_code == 200


def test_an_address_of_somebody_else_is_not_told_and_not_taken(
    app: Flask, own: FlaskClient
) -> None:
    make_user(app, "Other", "theirs@example.org")
    taken = own.post("/account/email", data={"email": "theirs@example.org", "current": PASSWORD})
    free = own.post("/account/email", data={"email": "free@example.org", "current": PASSWORD})
    assert taken.status_code == free.status_code == 303
    mail = last_mail(app, "theirs@example.org")
    assert mail["Subject"] == "This address has an account already"
    assert "/account/email/" not in mail.as_string()


def test_the_own_address_is_no_change(own: FlaskClient, person: Person) -> None:
    answer = own.post("/account/email", data={"email": person[1].upper(), "current": PASSWORD})
    assert answer.status_code == 422
    assert "already sign in with this" in answer.text


def test_the_account_is_for_people_signed_in(client: FlaskClient) -> None:
    assert client.get("/account").location == "/sign-in?next=/account"
    for path in ("name", "email", "password", "sign-out-everywhere"):
        assert client.post(f"/account/{path}", data={"name": "x"}).status_code == 303
