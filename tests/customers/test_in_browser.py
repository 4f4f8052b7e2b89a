"""Customers, walked in a real browser."""

from datetime import timedelta

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from nxloy_web import clock
from nxloy_web.permissions import Role
from tests.browsing import agree
from tests.customers.people import enrolled
from tests.factories import Shop, as_role, make_customer, make_shop, make_tier
from tests.ledger.books import give
from tests.screens.test_every_page import AXE, violations

pytestmark = pytest.mark.browser


def sign_in(app: Flask, shop: Shop, page: Page, address: str, role: Role = Role.OWNER) -> None:
    cookie = as_role(app, shop, role).get_cookie("nxloy")
    assert cookie is not None
    page.context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": address}])


def test_enrol_find_edit_adjust_delete_and_undo(app: Flask, live_server: str, page: Page) -> None:
    shop = make_shop(app)
    enrolled(app, shop, "Somebody", last_name="Else")
    sign_in(app, shop, page, live_server)
    page.goto(live_server + shop.url("/customers/"))
    page.get_by_role("link", name="Enrol a customer").click()
    page.get_by_label("First name").fill("Zoë")
    page.get_by_label("Last name").fill("O'Neil")
    page.get_by_role("button", name="Enrol").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter an e-mail address or a phone number.")
    page.get_by_label("E-mail", exact=True).fill("zoe@example.com")
    page.get_by_label("Referred by").press_sequentially("customer")
    expect(page.get_by_text("No customer has this code, address or name.")).to_be_visible()
    page.get_by_label("Referred by").fill("some")
    expect(page.get_by_label("Somebody Else")).to_be_checked()
    page.get_by_role("button", name="Enrol").click()
    expect(page.get_by_role("heading", name="Zoë O'Neil")).to_be_visible()
    expect(page.get_by_text("Came through")).to_be_visible()

    page.get_by_role("link", name="Customers", exact=True).first.click()
    search = page.get_by_role("searchbox", name="Name, e-mail, phone or code")
    search.press_sequentially("oneil")
    expect(page.get_by_role("link", name="Somebody Else")).to_have_count(0)
    expect(search).to_be_focused()
    page.get_by_role("link", name="Zoë O'Neil").click()

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Tags").fill("vip")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()

    page.get_by_role("link", name="Adjust points").click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("Points", exact=True).fill("30")
    drawer.get_by_role("button", name="Adjust").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Say why.")
    drawer.get_by_label("Reason").fill("Goodwill")
    drawer.get_by_role("button", name="Adjust").click()
    expect(page.get_by_text("Corrected by hand +30")).to_be_visible()
    expect(page.get_by_text("has 30 points now")).to_be_visible()

    page.get_by_role("button", name="More for Zoë O'Neil").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Zoë O'Neil is deleted")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Zoë O'Neil")).to_be_visible()


def test_everything_works_without_scripts(app: Flask, live_server: str, browser: object) -> None:
    shop = make_shop(app)
    for n in range(30):
        make_customer(app, shop, f"Guest{n:02}", name_norm=f"guest{n:02}")
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page: Page = context.new_page()
    sign_in(app, shop, page, live_server)
    page.goto(live_server + shop.url("/customers/?sort=name"))
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Guest29")).to_be_visible()
    page.get_by_role("link", name="Previous").click()
    page.get_by_role("link", name="Guest00").click()
    page.get_by_role("link", name="Purchases").click()
    expect(page.get_by_text("No purchases yet")).to_be_visible()
    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Notes").fill("No scripts here")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("No scripts here")).to_be_visible()
    context.close()


def test_a_tier_is_set_by_hand_changed_and_ended(app: Flask, live_server: str, page: Page) -> None:
    """D1."""
    shop = make_shop(app)
    make_tier(app, shop, "Silver", 100)
    make_tier(app, shop, "Gold", 500)
    nour = make_customer(app, shop, "Nour")
    give(app, shop, nour, 150)
    sign_in(app, shop, page, live_server, Role.MANAGER)
    page.goto(live_server + shop.url(f"/customers/{nour}"))
    page.get_by_role("link", name="Set the tier by hand").click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("At least").select_option("Gold")
    drawer.get_by_role("button", name="Set the tier").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Say which day is the last one.")
    page.evaluate(AXE)
    assert violations(page) == []
    last_day = clock.now().date() + timedelta(days=30)
    drawer.get_by_label("Last day").fill(last_day.isoformat())
    drawer.get_by_label("Reason").fill("Moved here from our shop in Bremen")
    drawer.get_by_role("button", name="Set the tier").click()
    expect(page.get_by_text("At least Gold until the end of")).to_be_visible()
    expect(page.get_by_text("Set by hand: Moved here from our shop in Bremen")).to_be_visible()
    page.evaluate(AXE)
    assert violations(page) == []

    page.get_by_role("link", name="Change the tier by hand").click()
    expect(drawer.get_by_label("Last day")).to_have_value(last_day.isoformat())
    drawer.get_by_label("Somebody changes it").check()
    drawer.get_by_role("button", name="Set the tier").click()
    expect(page.get_by_text("At least Gold until somebody changes it")).to_be_visible()

    page.get_by_role("button", name="End it now").click()
    agree(page, "End Gold now?")
    expect(page.get_by_text("Tier by hand ended early")).to_be_visible()
    expect(page.get_by_text("At least Gold until")).to_have_count(0)
