"""Six figures by mail: hashed, short-lived, few tries."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.identity import codes, passwords
from tests.factories import make_user
from tests.identity.letters import last_mail, mails_to, text_of

Admin = psycopg.Connection[tuple[Any, ...]]
NOW = datetime.now(UTC)
_numbers = count(1)


def ask(app: Flask, email: str, at: datetime = NOW, door: str = "mine", **more: Any) -> None:
    with app.app_context():
        codes.send_sign_in_code(email, door=door, at=at, business_name="Café Luna", **more)
        db.session.commit()
        db.session.remove()


def enter(app: Flask, email: str, code: str, at: datetime = NOW, door: str = "mine") -> str | None:
    with app.app_context():
        user = codes.check_sign_in_code(email, code, door=door, at=at)
        db.session.commit()
        found = None if user is None else user.id
        db.session.remove()
    return found


def code_for(app: Flask, email: str) -> str:
    found = re.search(r"^\d{6}$", text_of(last_mail(app, email)), re.MULTILINE)
    assert found is not None
    return found[0]


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


@pytest.fixture
def email(app: Flask) -> str:
    address = f"code{next(_numbers)}@example.net"
    make_user(app, "Amara", address)
    return address


def test_the_mailed_code_lets_in_once(app: Flask, email: str) -> None:
    ask(app, email)
    code = code_for(app, email)
    assert enter(app, email, f" {code[:3]} {code[3:]} ") is not None
    assert enter(app, email, code) is None


def test_a_strangers_request_leaves_the_living_code_alone(app: Flask, email: str) -> None:
    """X10: whoever typed the address made the code useless that its owner was just typing."""
    ask(app, email)
    code = code_for(app, email)
    ask(app, email, door="a stranger's")
    theirs = code_for(app, email)
    for _ in range(5):
        assert enter(app, email, wrong(theirs), door="a stranger's") is None
    assert enter(app, email, code, door="a stranger's") is None
    assert enter(app, email, code) is not None


def test_the_code_itself_is_not_kept(app: Flask, email: str, as_admin: Admin) -> None:
    ask(app, email)
    code = code_for(app, email)
    rows = as_admin.execute(
        "SELECT c.code FROM verification_codes c JOIN users u ON u.id = c.user_id "
        "WHERE u.email = %s",
        [email],
    ).fetchall()
    assert len(rows) == 1
    assert code not in rows[0][0]


def test_after_five_wrong_tries_the_right_code_is_no_use(app: Flask, email: str) -> None:
    ask(app, email)
    code = code_for(app, email)
    for _ in range(5):
        assert enter(app, email, wrong(code)) is None
    assert enter(app, email, code) is None


def test_tries_at_the_same_moment_are_all_counted(app: Flask, email: str) -> None:
    ask(app, email)
    code = code_for(app, email)
    with ThreadPoolExecutor(5) as pool:
        assert set(pool.map(lambda _: enter(app, email, wrong(code)), range(5))) == {None}
    assert enter(app, email, code) is None


def test_a_code_lapses_after_ten_minutes(app: Flask, email: str) -> None:
    ask(app, email)
    code = code_for(app, email)
    assert enter(app, email, code, at=NOW + timedelta(minutes=10, seconds=1)) is None
    assert enter(app, email, code, at=NOW + timedelta(minutes=9)) is not None


def test_only_the_newest_code_counts(app: Flask, email: str) -> None:
    ask(app, email)
    first = code_for(app, email)
    ask(app, email)
    second = code_for(app, email)
    if first != second:
        assert enter(app, email, first) is None
    assert enter(app, email, second) is not None


def test_a_code_is_for_one_person(app: Flask, email: str) -> None:
    other = f"other{next(_numbers)}@example.net"
    make_user(app, "Other", other)
    ask(app, email)
    ask(app, other)
    code = code_for(app, email)
    if code != code_for(app, other):
        assert enter(app, other, code) is None


def test_nothing_is_sent_to_an_unknown_address_unless_it_is_new_here(
    app: Flask, as_admin: Admin
) -> None:
    ask(app, "unknown@example.net")
    assert mails_to(app, "unknown@example.net") == []
    assert enter(app, "unknown@example.net", "123456") is None
    ask(app, "unknown@example.net", create_name="Noor")
    assert enter(app, "unknown@example.net", code_for(app, "unknown@example.net")) is not None
    row = as_admin.execute(
        "SELECT name, email_verified FROM users WHERE email = 'unknown@example.net'"
    ).fetchone()
    assert row == ("Noor", True)


def test_at_most_six_codes_an_hour(app: Flask, email: str) -> None:
    for _ in range(8):
        ask(app, email)
    assert len(mails_to(app, email)) == 6
    ask(app, email, at=NOW + timedelta(minutes=61))
    assert len(mails_to(app, email)) == 7


def test_a_password_set_before_the_address_was_proved_goes(app: Flask, as_admin: Admin) -> None:
    """Somebody signs up with my address and waits; my first code must not open their door."""
    address = "squatted@example.net"
    make_user(
        app,
        "Squatter",
        address,
        email_verified=False,
        email_verified_at=None,
        password_hash=passwords.hashed("a password of theirs"),
    )
    ask(app, address)
    assert enter(app, address, code_for(app, address)) is not None
    row = as_admin.execute(
        "SELECT password_hash, session_epoch, email_verified FROM users WHERE email = %s",
        [address],
    ).fetchone()
    assert row == (None, 2, True)


@pytest.mark.parametrize("typed", ["", "abc", "١٢٣٤٥٦", "1" * 400, "\0", "'; DROP TABLE users"])
def test_nonsense_is_a_wrong_code(app: Flask, email: str, typed: str) -> None:
    ask(app, email)
    assert enter(app, email, typed) is None
