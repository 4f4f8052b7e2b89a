"""A merchant sets up a program by hand, in Chromium."""

import re

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from tests.factories import Shop, sign_in

pytestmark = pytest.mark.browser


def test_a_program_with_a_rule_and_tiers_is_set_up_by_hand(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    client = app.test_client()
    sign_in(client, shop.owner_id)
    cookie = client.get_cookie("nxloy")
    assert cookie is not None
    context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": live_server}])
    page = context.new_page()
    page.goto(live_server + shop.url("/programs/"))

    page.get_by_role("link", name="New program").click()
    page.get_by_label("Name", exact=True).fill("Beans")
    page.get_by_text("Stamp card").click()
    page.get_by_role("button", name="Create program").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Beans")

    page.get_by_role("link", name="Add a rule").first.click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("For every").fill("2.50")
    drawer.get_by_label("A purchase of").fill("12.50")
    expect(drawer.get_by_text("gives 5 points")).to_be_visible()
    drawer.get_by_label("For every").fill("nothing")
    drawer.get_by_role("button", name="Save rule").click()
    expect(drawer.get_by_text("Write an amount like 12.50.").first).to_be_visible()
    drawer.get_by_label("For every").fill("2.50")
    drawer.get_by_role("button", name="Save rule").click()
    expect(page.locator("#earning")).to_contain_text("1 point for every 2.50 EUR")

    for name, start in (("Silver", "100"), ("Gold", "300")):
        page.get_by_role("link", name="Add tier").first.click()
        drawer.get_by_label("Name", exact=True).fill(name)
        drawer.get_by_label("Starts at").fill(start)
        drawer.get_by_role("button", name="Add tier").click()
        expect(page.locator("#tiers")).to_contain_text(name)
    page.get_by_role("button", name="More for Gold").click()
    page.get_by_role("button", name="Move up").and_(page.locator(":visible")).click()
    expect(page.locator("#tiers tbody tr").first).to_contain_text(re.compile("Gold.*100", re.S))

    page.get_by_role("button", name="Activate").click()
    expect(page.locator(".page-head").get_by_text("Active")).to_be_visible()
