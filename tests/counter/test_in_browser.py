"""A customer is served at the counter, in Chromium: every button of it."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.tables.businesses import BusinessSettings, Location
from tests.browsing import visit
from tests.factories import inside, make_customer, make_reward, make_shop

pytestmark = pytest.mark.browser


def test_a_new_customer_is_enrolled_given_points_and_handed_a_reward(
    app: Flask, live_server: str, context: BrowserContext
) -> None:
    shop = make_shop(app, settings=BusinessSettings(usual_points=50))
    make_reward(app, shop, "Cake", points_cost=20)
    with inside(app, shop):
        db.session.add(Location(name="Market Hall"))
        db.session.commit()
    page = visit(context, app, live_server, shop.users[Role.STAFF])
    page.goto(live_server + shop.url("/counter/"))
    here = page.get_by_label("You are at")
    here.select_option("Market Hall")
    page.get_by_role("button", name="Change").click()
    expect(here.locator("option:checked")).to_have_text("Market Hall")

    page.get_by_role("link", name="Enrol").click()
    page.get_by_label("First name").fill("Zoë")
    page.get_by_label("E-mail", exact=True).fill("zoe@example.com")
    page.get_by_role("button", name="Enrol").click()
    expect(page.get_by_text("Welcome on board!")).to_be_visible()

    page.get_by_label("Amount paid").fill("80")
    page.get_by_role("button", name="Give points").click()
    expect(page.get_by_text("Is the amount right?")).to_be_visible()
    page.get_by_role("button", name="Yes, give 80 points").click()
    expect(page.get_by_text("Zoë now has 80 points.")).to_be_visible()
    page.get_by_role("button", name="Undo (within two minutes)").click()
    expect(page.get_by_text("Undone. The points are taken back.")).to_be_visible()
    page.get_by_label("Amount paid").fill("30")
    page.get_by_role("button", name="Give points").click()
    expect(page.get_by_text("Zoë now has 30 points.")).to_be_visible()

    page.get_by_role("link", name="Next customer").click()
    page.get_by_role("searchbox", name="Customer").fill("zoe@example.com")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="Zoë").click()
    page.get_by_role("button", name="Redeem Cake").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cake")
    page.go_back()
    page.reload()
    page.get_by_role("button", name="Approve NX-").click()
    page.get_by_role("button", name="Hand over NX-").click()
    expect(page.get_by_text("Handed over: NX-")).to_be_visible()
    expect(page.get_by_text("To hand over")).to_have_count(0)
    expect(page.locator(".counter-balance")).to_contain_text("10")


def test_above_the_limit_somebody_else_is_asked(
    app: Flask, live_server: str, context: BrowserContext
) -> None:
    """W3: staff confirmed any amount."""
    shop = make_shop(app, settings=BusinessSettings(staff_purchase_limit=20))
    page = visit(context, app, live_server, shop.users[Role.STAFF])
    page.goto(live_server + shop.url(f"/counter/{make_customer(app, shop)}"))
    page.get_by_label("Amount paid").fill("30")
    page.get_by_role("button", name="Give points").click()
    expect(page.get_by_text("Above your limit")).to_be_visible()
    page.get_by_role("button", name="Ask somebody to agree").click()
    expect(page.get_by_text("The points come when somebody else agrees.")).to_be_visible()
