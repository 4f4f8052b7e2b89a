"""The operator pauses a data migration that is really running."""

import re
import threading

import psycopg
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from nxloy_web.schema import runner
from nxloy_web.schema.data import DataMigration
from tests.conftest import Database
from tests.factories import make_user, sign_in

pytestmark = pytest.mark.browser

hurry = threading.Event()
SLOW = DataMigration(
    name="slow_one",
    table="users",
    key=("id",),
    step=lambda connection, span: slowly(),
)


def slowly() -> None:
    hurry.wait(0.2)


def test_pause_resume_and_watch_it_finish(
    app: Flask, live_server: str, page: Page, database: Database
) -> None:
    client = app.test_client()
    sign_in(client, make_user(app, "Olu Adeyemi", is_operator=True))
    cookie = client.get_cookie("nxloy")
    assert cookie is not None
    page.context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": live_server}])
    with psycopg.connect(database.admin_url) as connection:
        connection.execute(
            "INSERT INTO nx.users (id, name, email, email_norm)"
            " SELECT 'u' || n, 'Somebody', n || '@x.example', n || '@x.example'"
            " FROM generate_series(1, 9000) n"
        )
    begun = threading.Event()
    working = threading.Thread(
        target=runner.run,
        args=(database.migrator_url, SLOW),
        kwargs={"watch": lambda state: begun.set()},
        daemon=True,
    )
    working.start()
    assert begun.wait(60)
    page.goto(f"{live_server}/operator/schema")
    card = page.locator("#migration-slow_one")
    card.get_by_role("button", name="Pause").click()
    expect(card.get_by_text("Paused")).to_be_visible()
    expect(card.get_by_text("Its command waits")).to_be_visible()
    assert working.is_alive()
    page.reload()
    card.get_by_role("button", name="Resume").click()
    expect(card.get_by_text("Running")).to_be_visible()
    hurry.set()
    expect(card).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="slow_one")
    expect(row).to_contain_text(re.compile(r"9,0\d\d"))
    working.join(60)
    assert not working.is_alive()
