"""The queue is worked off in Chromium: from the row, on the page, in bulk, by code."""

import re

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking
from tests.browsing import visit
from tests.factories import Shop, inside, make_customer, make_reward, make_shop
from tests.ledger.books import give, standing

pytestmark = pytest.mark.browser


def asked(app: Flask, shop: Shop, customer_id: str, reward_id: str) -> str:
    """One more request for the reward; its code."""
    with inside(app, shop):
        redemption = asking.ask(
            id=new_id(),
            customer_id=customer_id,
            reward_id=reward_id,
            by=shop.actor(),
            at=clock.now(),
        )
        db.session.commit()
        return redemption.code


def by_code(page: Page, code: str) -> None:
    """Open the redemption as somebody does who is shown its code."""
    # The link also says how many wait, if any do.
    page.get_by_role("link", name=re.compile("^Redemptions")).first.click()
    page.get_by_role("link", name="Scan code").click()
    page.get_by_label("Code", exact=True).fill(code.lower())
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text(code).first).to_be_visible()


def test_the_queue_is_worked_off(app: Flask, live_server: str, context: BrowserContext) -> None:
    shop = make_shop(app)
    customer_id, reward_id = make_customer(app, shop), make_reward(app, shop, "Cake")
    give(app, shop, customer_id, 600)
    one, two, three, four, five = (asked(app, shop, customer_id, reward_id) for _ in range(5))
    page = visit(context, app, live_server, shop.users[Role.MANAGER])
    page.goto(live_server + shop.url("/redemptions/"))

    page.get_by_role("button", name=f"Approve {one}").click()
    expect(page.get_by_text(f"Approved: {one}")).to_be_visible()
    page.get_by_role("button", name=f"Hand over {one}").click()
    expect(page.get_by_text(f"Handed over: {one}")).to_be_visible()
    row = page.get_by_role("row").filter(has_text=one)
    expect(row).to_contain_text("Fulfilled")

    page.get_by_role("link", name=f"Reject {five}").click()
    drawer = page.locator("#drawer")
    drawer.get_by_role("button", name="Reject").click()
    expect(drawer.get_by_role("alert")).to_contain_text("Say why")
    drawer.get_by_label("Reason").fill("Not today")
    drawer.get_by_role("button", name="Reject").click()
    expect(page.get_by_text(f"Rejected: {five}; points and stock are back")).to_be_visible()
    expect(page.locator("#redemption-figures")).to_contain_text("Waiting for you 3")

    bulk = page.get_by_role("form", name="Selected rows")
    for code in (two, three):
        page.get_by_label(f"Select {code}").check()
    bulk.get_by_role("button", name="Approve").click()
    page.get_by_role("button", name="Yes, approve 2").click()
    expect(page.get_by_text("2 of 2 done.")).to_be_visible()
    page.get_by_role("link", name="Redemptions", exact=True).first.click()
    page.get_by_label(f"Select {two}").check()
    bulk.get_by_role("button", name="Hand over").click()
    expect(page.get_by_role("heading", name="Hand over 1 reward?")).to_be_visible()
    page.get_by_role("button", name="Yes, hand over 1").click()
    expect(page.get_by_text("1 of 1 done.")).to_be_visible()
    page.get_by_role("button", name="Undo (within two minutes)").click()
    by_code(page, two)
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text(f"Handed over: {two}")).to_be_visible()
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone; the code is good again")).to_be_visible()

    by_code(page, four)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text(f"Approved: {four}")).to_be_visible()
    page.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text(f"Handed over: {four}")).to_be_visible()
    page.get_by_label("Reason").fill("Stale")
    page.get_by_role("button", name="Refund this reward").click()
    expect(page.get_by_text("Refunded; the points are back")).to_be_visible()

    by_code(page, three)
    page.get_by_role("button", name="Cancel this request").click()
    expect(page.get_by_text("Say why, so that the customer can be told.").first).to_be_visible()
    page.get_by_label("Reason").fill("No cake left")
    page.get_by_role("button", name="Cancel this request").click()
    expect(page.get_by_text("Cancelled; points and stock are back")).to_be_visible()
    assert standing(app, shop, customer_id).spendable == 400


def test_the_money_to_take_stands_on_the_button(
    app: Flask, live_server: str, context: BrowserContext
) -> None:
    """C2: nobody said that five euros were to be taken."""
    shop = make_shop(app)
    customer_id = make_customer(app, shop)
    reward_id = make_reward(app, shop, "Shirt", money_cost=500)
    give(app, shop, customer_id, 500)
    code = asked(app, shop, customer_id, reward_id)
    page = visit(context, app, live_server, shop.users[Role.MANAGER])
    page.goto(live_server + shop.url("/redemptions/"))
    by_code(page, code)
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approved").first).to_be_visible()
    page.goto(live_server + shop.url("/redemptions/"))
    page.get_by_label(f"Select {code}").check()
    bulk = page.get_by_role("form", name="Selected rows")
    bulk.get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Take €5.00 in all")).to_be_visible()
    page.get_by_role("button", name="€5.00 taken, hand over 1").click()
    expect(page.get_by_text("1 of 1 done.")).to_be_visible()
