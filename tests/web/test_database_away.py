"""A database that is away, full or busy: a page that says so, also for somebody signed in."""

import errno
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from nxloy_web import create_app
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from tests.factories import sign_in

AWAY = "The database cannot be reached right now."
FULL = "The server has no room left to save anything."
BUSY = "Too much is going on right now."
HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def lonely(app: Flask) -> Iterator[Flask]:
    """The application without its database."""
    config = {key: app.config[key] for key in ("SECRET_KEY", "INSTANCE", "WTF_CSRF_ENABLED")}
    made = create_app(config | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nowhere"})
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def signed_in(lonely: Flask) -> FlaskClient:
    client = lonely.test_client()
    sign_in(client, new_id())
    sign_in(client, new_id(), audience="portal")
    return client


@pytest.mark.parametrize("path", ["/b/shop/", "/p/shop/card", "/places", "/nothing-here", "/theme"])
def test_without_a_database_the_page_that_was_written_is_shown(
    signed_in: FlaskClient, path: str
) -> None:
    """X2: signed in, the error page asked the database who that is, and nothing came at all."""
    answer = signed_in.get(path)
    assert answer.status_code == 503
    assert AWAY in answer.text
    assert "<h1>Back in a minute</h1>" in answer.text
    part = signed_in.get(path, headers=HTMX)
    assert part.status_code == 503
    assert AWAY in part.text
    assert "<html" not in part.text


def test_pages_that_need_no_database_do_without(signed_in: FlaskClient) -> None:
    assert signed_in.get("/healthz").status_code == 200
    assert signed_in.get("/brand/200.css").status_code == 200
    assert signed_in.post("/theme", data={"theme": "dark"}).status_code == 303


@pytest.fixture(scope="module")
def failing(app: Flask) -> FlaskClient:
    """A client whose /fails/<state> ends in this error of the real database."""

    def fails(state: str) -> str:
        db.session.execute(text(f"DO $$BEGIN RAISE 'no' USING ERRCODE = '{state}'; END$$"))
        return ""

    def no_room() -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    app.add_url_rule("/fails/<state>", view_func=fails)
    app.add_url_rule("/no-room", view_func=no_room)
    return app.test_client()


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        ("53100", 507, FULL),
        ("57P01", 503, AWAY),
        ("57P03", 503, AWAY),
        ("08006", 503, AWAY),
        ("57014", 503, BUSY),
        ("55P03", 503, BUSY),
        ("53300", 503, BUSY),
        ("40P01", 503, BUSY),
    ],
)
def test_what_is_wrong_with_the_database_is_called_by_its_name(
    failing: FlaskClient, state: str, status: int, sentence: str
) -> None:
    """X16: a full disk was called "the database cannot be reached"."""
    answer = failing.get(f"/fails/{state}")
    assert (answer.status_code, sentence in answer.text) == (status, True)


def test_an_upload_without_room_is_called_that(failing: FlaskClient) -> None:
    """X16: uploads are put down on the disk of the web server before a page sees them."""
    answer = failing.get("/no-room")
    assert answer.status_code == 507
    assert FULL in answer.text
