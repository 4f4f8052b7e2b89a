"""The whole way on a phone: join, code from the outbox, card, ask, and the shop's answer live."""

import email
import re
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import expect

from nxloy_web import clock, worker
from nxloy_web.db import db
from nxloy_web.redemptions import deciding
from tests.factories import Shop, inside, make_reward, make_shop
from tests.portal.steps import Admin, give_points

PHONE = {"width": 390, "height": 844}
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    shop = make_shop(app, slug="quay-coffee", name="Quay Coffee")
    make_reward(app, shop, "Flat white", points_cost=100)
    return shop


def newest_code(app: Flask) -> str:
    worker.run_until_idle(app)
    letters = (Path(app.config["INSTANCE"]) / "outbox").glob("*zoe@example.com*.eml")
    for path in sorted(letters, key=lambda path: path.stat().st_mtime_ns, reverse=True):
        message: Any = email.message_from_bytes(path.read_bytes(), policy=default)
        found = re.match(r"(\d{6}) is your code", message["Subject"])
        if found is not None:
            return found[1]
    raise AssertionError("no code in the outbox")


def decide(app: Flask, shop: Shop, verb: Any, redemption_id: str) -> None:
    with inside(app, shop):
        verb(redemption_id, by=shop.actor(), at=clock.now())
        db.session.commit()


def test_from_the_poster_to_the_counter(
    app: Flask, live_server: str, new_context: Any, shop: Shop, as_admin: Admin
) -> None:
    context = new_context(viewport=PHONE, has_touch=True, is_mobile=True)
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: said.type == "error" and problems.append(said.text))

    page.goto(live_server + shop.portal("/"))
    page.get_by_role("link", name="Get your card").click()
    page.get_by_label("First name").fill("Zoe")
    page.get_by_label("E-mail", exact=True).fill("zoe@example.com")
    page.get_by_role("button", name="Send me the code").click()
    page.wait_for_url("**/code")
    page.get_by_role("button", name="Send another code").click()
    expect(page.get_by_text("Another code is on its way.")).to_be_visible()
    page.get_by_label("Code").fill(newest_code(app))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/card")
    expect(page.get_by_text("Welcome to Quay Coffee!")).to_be_visible()
    page.get_by_text("Show my code").click()
    page.get_by_role("img", name="Your member code").wait_for()

    row = as_admin.execute("SELECT id FROM customers WHERE first_name = 'Zoe'").fetchone()
    assert row is not None
    give_points(app, shop, row[0], 150)
    page.reload()
    page.get_by_role("link", name="Redeem Flat white").click()
    page.get_by_role("button", name="Redeem for 100 points").click()
    page.get_by_role("dialog").get_by_role("button", name="Redeem").click()
    page.wait_for_url("**/redemptions/*")
    page.get_by_text("Waiting for the shop").wait_for()
    redemption_id = page.url.rsplit("/", 1)[1]
    watching = context.new_page()
    watching.goto(live_server + shop.portal("/card"))
    watching.get_by_text("Waiting for the shop").wait_for()

    decide(app, shop, deciding.approve, redemption_id)
    page.get_by_text("Ready to collect").wait_for()
    watching.get_by_text("Ready to collect").wait_for()
    decide(app, shop, deciding.fulfil, redemption_id)
    page.get_by_text("Enjoy!").wait_for()
    expect(page.locator("#redemption[hx-trigger]")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]

    page.get_by_role("link", name="Profile").click()
    page.get_by_label("Last name").fill("Okafor")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    expect(page.get_by_label("Last name")).to_have_value("Okafor")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    expect(page.get_by_role("link", name="Get your card")).to_be_visible()
    assert problems == []


def test_it_works_without_javascript(
    app: Flask, live_server: str, new_context: Any, shop: Shop, as_admin: Admin
) -> None:
    context = new_context(viewport=PHONE, java_script_enabled=False)
    page = context.new_page()
    page.goto(live_server + shop.portal("/sign-in"))
    page.get_by_label("E-mail").fill("zoe@example.com")
    page.get_by_role("button", name="Send me a code").click()
    page.wait_for_url("**/code")
    page.get_by_label("Code").fill(newest_code(app))
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/card")
    row = as_admin.execute("SELECT id FROM customers WHERE first_name = 'Zoe'").fetchone()
    assert row is not None
    give_points(app, shop, row[0], 100)
    page.goto(live_server + shop.portal("/rewards"))
    page.get_by_role("link", name="Flat white").click()
    page.get_by_role("button", name="Redeem for 100 points").click()
    page.get_by_text("Waiting for the shop").wait_for()
    page.get_by_role("button", name="Cancel this request").click()
    page.get_by_text("100 points are back on your card.").wait_for()
