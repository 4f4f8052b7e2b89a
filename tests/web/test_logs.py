"""Logs name no people and open nothing."""

import logging
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from nxloy_web.db import copying, db
from nxloy_web.tables.auth import User
from tests.factories import inside, make_shop, make_user

EMAIL = "zoe.unlogged@example.com"


@pytest.fixture(scope="module")
def failing(app: Flask) -> FlaskClient:
    """A client of pages that fail at the database, in the ways it repeats values in."""

    def taken() -> str:
        db.session.add(User(name="Zoe Unlogged", email=EMAIL, email_norm=EMAIL))
        db.session.flush()
        return ""

    def not_null() -> str:
        db.session.add(User(name="Zoe Unlogged", email=EMAIL))
        db.session.flush()
        return ""

    def no_number() -> str:
        name = db.session.scalars(select(User.name).where(User.email == EMAIL)).one()
        db.session.execute(text("SELECT pg_sleep(:name)"), {"name": name})
        return ""

    for view in (taken, not_null, no_number):
        app.add_url_rule(f"/{view.__name__}", view_func=view)
    make_user(app, "Zoe Unlogged", EMAIL)
    return app.test_client()


@pytest.mark.parametrize("path", ["/taken", "/not_null", "/no_number"])
def test_an_error_of_the_database_is_logged_without_the_row(
    failing: FlaskClient, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    """X14: names, addresses and reset links stood in the log."""
    assert failing.get(path).status_code == 500
    assert "psycopg.errors." in caplog.text
    assert "Unlogged" not in caplog.text
    assert EMAIL not in caplog.text


def test_a_refusal_can_still_ask_which_constraint_it_was(app: Flask) -> None:
    make_user(app, "Somebody", "once@example.com")
    with app.app_context():
        db.session.add(User(name="Other", email="x", email_norm="once@example.com"))
        with pytest.raises(IntegrityError) as raised:
            db.session.flush()
        db.session.rollback()
    assert raised.value.orig.diag.constraint_name == "uq_users_email_norm"
    assert "once@example.com" not in str(raised.value)


def test_rows_that_are_copied_in_are_not_repeated(app: Flask) -> None:
    """X14: COPY says the whole line in its context."""
    with inside(app, make_shop(app)):
        with pytest.raises(psycopg.Error) as raised:
            copying.stage("people", "name text, points integer", [("Zoe Unlogged", "many")])
        db.session.rollback()
    assert "Unlogged" not in str(raised.value)


def test_a_mailed_link_is_not_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    """X14: whoever reads the log could have used it."""
    caplog.set_level(logging.INFO, "nxloy.requests")
    token = "a-token-that-opens-something"
    for path in ("/password/new/{}", "/verify/{}", "/invitations/{}", "/account/email/{}"):
        client.get(path.format(token))
    assert token not in caplog.text
    assert "GET /password/new/… 410" in caplog.text


def test_every_page_that_a_link_opens_calls_it_a_token(app: Flask) -> None:
    """The log leaves out what has this name; an id opens nothing by itself."""
    names: set[Any] = {
        name
        for rule in app.url_map.iter_rules()
        for name in rule.arguments
        if not name.endswith("_id")
    }
    assert "token" in names
    assert names - {"token"} <= {
        "slug",
        "hue",
        "path",
        "filename",
        "name",
        "sha256",
        "state",
        "kind",
        "step",
    }
