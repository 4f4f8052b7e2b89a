"""A view is kept and forgotten in Chromium."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from tests.browsing import visit
from tests.customers.people import enrolled
from tests.factories import make_shop
from tests.screens.test_every_page import AXE, violations

pytestmark = pytest.mark.browser


def test_a_view_of_customers_is_kept_opened_and_deleted(
    app: Flask, live_server: str, context: BrowserContext
) -> None:
    """D9."""
    shop = make_shop(app)
    for name in ("Ann", "Anna", "Ben"):
        enrolled(app, shop, name)
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url("/customers/"))
    search = page.get_by_role("searchbox", name="Name, e-mail, phone or code")
    search.press_sequentially("ann")
    expect(page.get_by_role("link", name="Ben Lee")).to_have_count(0)
    page.get_by_role("link", name="Save view").click()
    drawer = page.locator("#drawer")
    drawer.get_by_role("button", name="Save view").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Give it a name.")
    drawer.get_by_label("Name", exact=True).fill("Everybody called Ann")
    drawer.get_by_role("button", name="Save view").click()
    view = page.get_by_role("link", name="Everybody called Ann 2")
    expect(view).to_have_attribute("aria-current", "page")
    page.evaluate(AXE)
    assert violations(page) == []
    search.fill("ben")
    expect(page.get_by_role("link", name="Ben Lee")).to_be_visible()
    expect(view).not_to_have_attribute("aria-current", "page")
    view.click()
    expect(search).to_have_value("ann")
    page.get_by_role("button", name="Delete view Everybody called Ann").click()
    expect(page.get_by_text("The view is deleted")).to_be_visible()
    expect(view).to_have_count(0)
