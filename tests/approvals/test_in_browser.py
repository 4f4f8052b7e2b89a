"""A cashier asks, an owner agrees, in Chromium. W3, D8."""

from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from nxloy_web.permissions import Role
from tests.browsing import visit
from tests.factories import make_customer, make_shop
from tests.screens.test_every_page import faults

pytestmark = pytest.mark.browser


def test_above_a_limit_it_waits_and_is_given_once(
    app: Flask, live_server: str, browser: Browser, tmp_path: Path
) -> None:
    shop = make_shop(app)
    customer_id = make_customer(app, shop, "Dag", last_name="Tanaka")
    staff = visit(browser.new_context(), app, live_server, shop.users[Role.STAFF])
    staff.goto(live_server + shop.url(f"/customers/{customer_id}/adjustment"))
    staff.get_by_label("Points", exact=True).fill("300")
    staff.get_by_label("Reason").fill("Machine broke during his birthday order")
    staff.get_by_role("button", name="Adjust", exact=True).click()
    expect(staff.get_by_text("this is 300.")).to_be_visible()
    staff.get_by_role("button", name="Ask somebody to agree").click()
    expect(staff.get_by_text("It is done when somebody else agrees.")).to_be_visible()
    staff.goto(live_server + shop.url("/approvals/"))
    expect(staff.get_by_text("You asked for this")).to_be_visible()
    expect(staff.get_by_role("button", name="Give 300")).to_have_count(0)

    owner = visit(browser.new_context(), app, live_server, shop.owner_id)
    owner.goto(live_server + shop.url("/"))
    owner.get_by_role("link", name="Approvals").first.click()
    assert faults(owner, live_server + shop.url("/approvals/")) == []
    shown(owner, "approvals", tmp_path)
    late = owner.context.new_page()
    late.goto(live_server + shop.url("/approvals/"))
    for page in (owner, late):
        page.get_by_role("button", name="Give 300").click()
        expect(page.get_by_text("Nothing waits")).to_be_visible()
    expect(owner.get_by_text(f"Owner of {shop.slug} agreed")).to_be_visible()
    owner.goto(live_server + shop.url(f"/customers/{customer_id}"))
    expect(owner.locator("main")).to_contain_text("300")
    expect(owner.locator("main")).not_to_contain_text("600")

    audit = live_server + shop.url("/audit/")
    assert faults(owner, audit) == []
    shown(owner, "audit", tmp_path)
    owner.set_viewport_size({"width": 1440, "height": 1000})
    owner.goto(audit)
    adjusted = owner.get_by_role("row").filter(has_text="Points adjusted")
    adjusted.get_by_role("link", name="+300, Dag Tanaka", exact=True).click()
    expect(owner.locator("h1")).to_have_text("Points ledger")


def shown(page: Page, name: str, folder: Path) -> None:
    for width in (1440, 390):
        for theme in ("light", "dark"):
            page.context.add_cookies([{"name": "theme", "value": theme, "url": page.url}])
            page.set_viewport_size({"width": width, "height": 1000})
            page.reload()
            page.screenshot(path=folder / f"{name}-{width}-{theme}.png", full_page=True)
