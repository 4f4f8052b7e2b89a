"""The edge: headers, tokens, errors, health."""

import re
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

import nxloy_web
from nxloy_web import clock, create_app, pulse
from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.tables.jobs import Pulse
from nxloy_web.web.filters import label, money, points, sentence, signed, subject, when
from tests.factories import as_role, make_shop
from tests.pressing import browser_of, hostile_post


@pytest.fixture
def on_database(app: Flask) -> Iterator[Callable[[str], FlaskClient]]:
    """The application as it would run with another DATABASE_URL."""
    made = []

    def on(url: str) -> FlaskClient:
        config = {key: app.config[key] for key in ("SECRET_KEY", "INSTANCE", "TESTING")}
        made.append(create_app(config | {"DATABASE_URL": url}))
        return made[-1].test_client()

    yield on
    for other in made:
        with other.app_context():
            db.engine.dispose()


def test_health_needs_no_database_and_readiness_does(
    client: FlaskClient, on_database: Callable[[str], FlaskClient]
) -> None:
    assert client.get("/healthz").json == {"status": "alive"}
    assert client.get("/readyz").status_code == 200
    lonely = on_database("postgresql://nobody@127.0.0.1:1/nowhere")
    assert lonely.get("/healthz").status_code == 200
    answer = lonely.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["problems"] == ["The database cannot be reached with DATABASE_URL."]


@pytest.mark.usefixtures("nothing_seen")
def test_a_shop_without_worker_and_mail_server_is_ready_and_says_so(app: Flask) -> None:
    """X5: no worker for an hour, and nothing said it. It still sells."""
    answer = app.test_client().get("/readyz")
    assert answer.status_code == 200
    never = {"last_success": None, "last_failure": None}
    assert answer.json == {
        "status": "ready",
        "worker": {"status": "not seen", "last_seen": None},
        "mail": {"status": "kept in a folder", **never},
    }
    with app.app_context():
        pulse.is_well(pulse.WORKER)
        db.session.commit()
        db.session.execute(
            update(Pulse).values(ok_at=Pulse.ok_at - pulse.MISSED_AFTER + timedelta(seconds=30))
        )
        db.session.commit()
    assert app.test_client().get("/readyz").json["worker"]["status"] == "alive"
    with app.app_context():
        db.session.execute(update(Pulse).values(ok_at=Pulse.ok_at - timedelta(minutes=1)))
        db.session.commit()
    assert app.test_client().get("/readyz").json["worker"]["status"] == "not seen"


@pytest.mark.usefixtures("nothing_seen")
def test_saying_it_all_the_time_writes_seldom(app: Flask) -> None:
    with app.app_context():
        pulse.is_well(pulse.MAIL)
        first = pulse.look()
        pulse.is_well(pulse.MAIL)
        assert pulse.look().mail_ok_at == first.mail_ok_at
        pulse.has_failed(pulse.MAIL, "Away.")
        assert pulse.look().mail_fails
        pulse.is_well(pulse.MAIL)
        assert not pulse.look().mail_fails
        db.session.rollback()


def test_readiness_refuses_a_role_that_no_policy_holds_for(
    database: Any, on_database: Callable[[str], FlaskClient]
) -> None:
    answer = on_database(database.migrator_url).get("/readyz")
    assert answer.status_code == 503
    assert "bypasses row-level security" in answer.json["problems"][0]


def test_a_file_of_another_release_has_a_stand_in(client: FlaskClient) -> None:
    """S2: two releases serve side by side, and a page of one asks the other for its style."""
    style = re.search(r'href="(/static/nx\.[^"]+\.css)"', client.get("/sign-in").text)
    assert style is not None
    other = client.get("/static/nx.0123456789ab.css")
    assert (other.status_code, other.mimetype) == (200, "text/css")
    assert other.headers["Cache-Control"] == "no-store"
    with closing(client.get(style[1])) as ours:
        assert other.data == ours.data
    assert client.get("/static/unknown.0123456789ab.css").status_code == 404
    assert client.get("/static/nx.css").status_code == 404
    assert client.get("/static/..%2F..%2Fwsgi.py").status_code == 404


@pytest.mark.parametrize("path", ["/", "/nothing-here", "/healthz"])
def test_every_answer_carries_the_strict_policy(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'none'; script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Request-ID"]


def test_a_request_id_of_the_proxy_is_kept_and_a_hostile_one_is_not(client: FlaskClient) -> None:
    kept = client.get("/healthz", headers={"X-Request-ID": "abcdef123456"})
    assert kept.headers["X-Request-ID"] == "abcdef123456"
    refused = client.get("/healthz", headers={"X-Request-ID": "a b<script>"})
    assert refused.headers["X-Request-ID"] != "a b<script>"


def test_an_error_fits_a_page_or_a_fragment(client: FlaskClient) -> None:
    page = client.get("/nothing-here")
    assert page.status_code == 404
    assert "<!doctype html>" in page.text.lower()
    fragment = client.get("/nothing-here", headers={"HX-Request": "true"})
    assert fragment.status_code == 404
    assert "<html" not in fragment.text
    assert "nx-toast" in fragment.text


def test_a_nul_or_a_page_far_beyond_the_last_is_no_error(app: Flask) -> None:
    shop = make_shop(app)
    owner = as_role(app, shop, Role.OWNER)
    for path in ("/b/%00/", "/p/a%00b/", shop.url("/customers/%00")):
        assert owner.get(path).status_code == 404
    for place in ("customers", "rewards", "ledger", "redemptions", "segments", "counter", "team"):
        answer = owner.get(shop.url(f"/{place}/?q=a%00&page={10**24}"))
        assert answer.text
        assert answer.status_code == 200
    for place in ("customers", "ledger", "redemptions"):
        assert owner.get(shop.url(f"/{place}/export.csv?q=a%00")).text


def test_only_answers_speaks_with_htmx() -> None:
    package = Path(nxloy_web.__file__).parent
    speaking = [
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"[\"']HX-|request\.htmx|htmx_flask import (?!Htmx)", path.read_text())
    ]
    assert speaking == ["web/answers.py"]


def test_a_signed_out_fragment_leaves_the_page_instead_of_filling_a_row(app: Flask) -> None:
    shop = make_shop(app)
    answer = app.test_client().get(shop.url("/"), headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert "/sign-in" in answer.headers["HX-Redirect"]


def test_a_form_without_a_token_is_refused_with_a_sentence(app: Flask) -> None:
    form = browser_of(app).get("/sign-in").forms["sign-in"]
    form["csrf_token"] = ""
    answer = form.submit(status="*")
    assert answer.status_code == 400
    assert "open too long" in answer.text


def test_page_and_fragment_are_kept_apart_by_caches(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    page = client.get(shop.url("/audit/"))
    assert {"HX-Request", "HX-Request-Type"} <= set(page.headers["Vary"].split(", "))
    fragment = client.get(shop.url("/audit/"), headers={"HX-Request": "true"})
    assert fragment.headers["Cache-Control"] == "no-store"
    assert "<html" not in fragment.text
    restored = client.get(
        shop.url("/audit/"),
        headers={"HX-Request": "true", "HX-Request-Type": "full"},
    )
    assert "<html" in restored.text


def test_the_theme_is_remembered_and_drawn_by_the_server(app: Flask) -> None:
    browser = browser_of(app)
    browser.extra_environ["HTTP_REFERER"] = "http://evil/"
    answer = hostile_post(browser, "a forged field", "/theme", {"theme": "dark"})
    assert (answer.status_code, answer.location) == (303, "/")
    assert 'data-theme="dark"' in browser.get("/nothing-here", status=404).text


def test_figures_are_written_for_people(app: Flask) -> None:
    assert points(12345) == "12,345"
    assert signed(-7) == "−7"
    assert money(1250, "EUR") == "€12.50"
    assert money(1250, "JPY") == "¥1,250"
    assert label("OUT_OF_STOCK") == "Out of stock"
    assert subject("RewardRedemption") == "Reward redemption"
    assert sentence("redemption.approved") == "Redemption approved"


def test_a_moment_ago_is_just_now(app: Flask) -> None:
    at = clock.now()
    with app.app_context():
        assert ">just now<" in when(at)
        assert ">just now<" in when(at - timedelta(seconds=5))
        assert " seconds ago<" in when(at - timedelta(seconds=40))
        assert ">in " in when(at + timedelta(minutes=2))
