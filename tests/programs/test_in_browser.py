"""A merchant sets up a program by hand, in Chromium."""

import re

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from tests.browsing import agree, visit
from tests.factories import Shop, make_customer, make_tier
from tests.ledger.books import give
from tests.screens.test_every_page import AXE, violations

pytestmark = pytest.mark.browser


def test_a_program_with_a_rule_and_tiers_is_set_up_by_hand(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url("/programs/"))

    page.get_by_role("link", name="New program").click()
    page.get_by_label("Name", exact=True).fill("Beans")
    page.get_by_text("Tiers", exact=True).click()
    page.get_by_role("button", name="Create program").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Beans")

    page.get_by_role("link", name="Add a rule").first.click()
    drawer = page.locator("#drawer")
    drawer.get_by_label("For every").fill("2.50")
    drawer.get_by_label("A purchase of").fill("12.50")
    expect(drawer.get_by_text("gives 5 points")).to_be_visible()
    drawer.get_by_label("For every").fill("nothing")
    drawer.get_by_role("button", name="Save rule").click()
    expect(drawer.get_by_text("Write it like 12.50.").first).to_be_visible()
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


def test_what_was_set_up_is_changed_and_put_away(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    for name, start in (("Silver", 100), ("Gold", 300)):
        make_tier(app, shop, name, start)
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url(f"/programs/{shop.program_id}"))
    tiers, drawer = page.locator("#tiers"), page.locator("#drawer")
    state = page.locator(".page-head")

    page.get_by_role("link", name="Edit Gold").click()
    drawer.get_by_label("Starts at").fill("400")
    drawer.get_by_role("button", name="Save").click()
    expect(tiers).to_contain_text("400")
    page.get_by_role("button", name="More for Silver").click()
    page.get_by_role("button", name="Move down").and_(page.locator(":visible")).click()
    expect(tiers.locator("tbody tr").first).to_contain_text("Gold")
    page.get_by_role("button", name="More for Silver").click()
    page.get_by_role("link", name="Delete").and_(page.locator(":visible")).click()
    drawer.get_by_role("button", name="Delete tier").click()
    expect(tiers).not_to_contain_text("Silver")
    page.get_by_text("Deleted tiers (1)").click()
    page.get_by_role("button", name="Restore Silver").click()
    expect(tiers).to_contain_text("Silver")

    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("Name", exact=True).fill("Beans")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Beans")
    page.get_by_role("button", name="End the rule").click()
    agree(page, "Purchases earn nothing in Beans")
    expect(page.get_by_text("Purchases give nothing in this program")).to_be_visible()

    page.get_by_role("button", name="Pause").click()
    agree(page, "Pause Beans?")
    expect(state).to_contain_text("Paused")
    page.get_by_role("button", name="More for Beans").click()
    page.get_by_role("button", name="Archive").click()
    agree(page, "Archive Beans?")
    expect(state).to_contain_text("Archived")
    page.get_by_role("button", name="Take out of the archive").click()
    expect(state).to_contain_text("Paused")

    page.get_by_role("button", name="More for Beans").click()
    page.get_by_role("button", name="Delete").and_(page.locator(":visible")).click()
    page.get_by_role("link", name="Deleted").click()
    page.get_by_role("button", name="Restore Beans").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Beans")


def test_a_change_of_tiers_is_looked_at_saved_and_undone(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    """D1."""
    make_tier(app, shop, "Silver", 100)
    make_tier(app, shop, "Gold", 300)
    for name, points in (("Nour", 150), ("Ilse", 20)):
        give(app, shop, make_customer(app, shop, name), points)
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url(f"/programs/{shop.program_id}"))
    tiers, drawer = page.locator("#tiers"), page.locator("#drawer")

    page.get_by_role("link", name="Edit Gold").click()
    drawer.get_by_label("Starts at").fill("120")
    drawer.get_by_role("button", name="Save").click()
    expect(drawer.get_by_role("heading", name="Before you save: who moves")).to_be_visible()
    expect(drawer).to_contain_text("Nour")
    page.evaluate(AXE)
    assert violations(page) == []
    drawer.get_by_role("button", name="Change the figures").click()
    drawer.get_by_label("Starts at").fill("140")
    drawer.get_by_role("button", name="Save").click()
    drawer.get_by_role("button", name="Save: 1 moves up").click()
    expect(tiers).to_contain_text("140")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(tiers).to_contain_text("300")

    page.get_by_role("button", name="More for Gold").click()
    page.get_by_role("button", name="Move up").and_(page.locator(":visible")).click()
    page.get_by_role("button", name="Save: 1 moves down").click()
    expect(tiers.locator("tbody tr").first).to_contain_text(re.compile("Gold.*100", re.S))
    page.get_by_role("button", name="Undo this change").click()
    expect(tiers.locator("tbody tr").first).to_contain_text(re.compile("Silver.*100", re.S))
    page.get_by_role("button", name="Reassess everybody").click()
    expect(page.get_by_text("Everybody has the tier their points reach")).to_be_visible()
