"""A merchant builds a rule and a list, in Chromium."""

from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from nxloy_web import clock
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from tests.factories import Shop, inside, make_customer, sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def desk(app: Flask, shop: Shop, live_server: str, context: BrowserContext) -> Page:
    client = app.test_client()
    sign_in(client, shop.owner_id)
    cookie = client.get_cookie("nxloy")
    assert cookie is not None
    context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": live_server}])
    page = context.new_page()
    page.goto(live_server + shop.url("/segments/"))
    return page


def test_a_rule_is_built_while_the_count_follows(app: Flask, shop: Shop, desk: Page) -> None:
    for number in range(8):
        make_customer(
            app, shop, f"Guest {number}", spent_minor=number * 1_000, purchase_count=number
        )
    desk.get_by_role("link", name="New segment").first.click()
    desk.get_by_label("Name", exact=True).fill("Worth a letter")
    count = desk.locator("#segment-preview")
    expect(count).to_contain_text("Finish every condition")

    first, second = (desk.get_by_role("group", name=f"Condition {n}") for n in (1, 2))
    first.get_by_label("What it is about").select_option("Amount spent")
    first.get_by_label("Value").fill("50")
    expect(count).to_contain_text("3 customers")
    expect(desk.get_by_label("Name", exact=True)).to_have_value("Worth a letter")

    desk.get_by_role("button", name="Add condition").first.click()
    second.get_by_label("What it is about").select_option("Number of purchases")
    second.get_by_label("Comparison").select_option("is exactly")
    second.get_by_label("Value").fill("1")
    expect(count).to_contain_text("Nobody fits all this today")
    desk.get_by_label("Customers who fit").select_option("any of these")
    expect(count).to_contain_text("4 customers")
    second.get_by_label("What it is about").select_option("Amount spent")
    expect(second.get_by_label("Value")).to_have_value("")
    second.get_by_role("button", name="Remove").click()
    expect(count).to_contain_text("3 customers")
    expect(first.get_by_label("Value")).to_have_value("50")

    # Enter saves; it does not press the first small button of the rule.
    first.get_by_label("Value").press("Enter")
    expect(desk.get_by_role("heading", level=1)).to_have_text("Worth a letter")
    expect(desk.locator("#members tbody tr")).to_have_count(3)
    desk.get_by_role("link", name="See in customer list").click()
    expect(desk.locator("#results tbody tr")).to_have_count(3)


def test_a_list_is_filled_from_the_search_and_from_the_customer_list(
    app: Flask, shop: Shop, live_server: str, desk: Page
) -> None:
    with inside(app, shop):
        for name in ("Zora", "Yann"):
            customers.enrol(
                new_id(),
                replace(NEWCOMER, first_name=name, last_name="Lind", email=f"{name}@example.com"),
                by=shop.actor(),
                at=clock.now(),
            )
        db.session.commit()
    desk.get_by_role("link", name="New list").first.click()
    desk.get_by_label("Name", exact=True).fill("Tasting evening")
    desk.get_by_role("button", name="Create list").click()
    expect(desk.get_by_text("Nobody is on this list yet")).to_be_visible()
    desk.get_by_placeholder("Name, e-mail, phone or code").fill("zor")
    desk.get_by_role("button", name="Add Zora Lind").click()
    expect(desk.locator("#members tbody tr")).to_have_count(1)

    desk.goto(live_server + shop.url("/customers/"))
    desk.get_by_label("Select Yann Lind").check()
    desk.get_by_label("List", exact=True).select_option("Tasting evening")
    desk.get_by_role("button", name="Add to list").click()
    expect(desk.get_by_text("1 customer added to Tasting evening")).to_be_visible()
    desk.goto(live_server + shop.url("/segments/"))
    desk.get_by_role("link", name="Tasting evening").click()
    desk.get_by_role("button", name="Remove Zora Lind").click()
    expect(desk.locator("#members tbody tr")).to_have_count(1)
    desk.get_by_role("button", name="Undo").click()
    expect(desk.locator("#members tbody tr")).to_have_count(2)
