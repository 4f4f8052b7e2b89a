"""The network goes away while somebody types (C8)."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from nxloy_web.permissions import Role
from tests.browsing import visit
from tests.factories import make_customer, make_shop

pytestmark = pytest.mark.browser


def test_what_was_typed_stays_and_is_sent_when_the_network_is_back(
    context: BrowserContext, app: Flask, live_server: str
) -> None:
    """C8: the browser put an error page of its own in the place of the amount."""
    shop = make_shop(app)
    staff = visit(context, app, live_server, shop.users[Role.STAFF])
    staff.goto(live_server + shop.url(f"/counter/{make_customer(app, shop)}"))
    amount = staff.locator("#give input[name=amount]")
    amount.fill("12.50")
    context.set_offline(True)
    staff.locator("#give").get_by_role("button").click()
    expect(staff.locator(".toast-bad").last).to_contain_text("What you typed is still here")
    expect(amount).to_have_value("12.50")
    context.set_offline(False)
    staff.locator("#give").get_by_role("button").click()
    expect(staff.get_by_text("has 12 points")).to_be_visible()


def test_a_drawer_goes_on_after_a_sign_in_elsewhere(
    context: BrowserContext, app: Flask, live_server: str
) -> None:
    """C8, a cousin: htmx was sent to the sign-in, and the drawer was gone."""
    shop = make_shop(app)
    owner = visit(context, app, live_server, shop.owner_id)
    owner.goto(live_server + shop.url(f"/programs/{shop.program_id}"))
    owner.get_by_role("link", name="Add tier").first.click()
    drawer = owner.locator("#drawer")
    drawer.get_by_label("Name").fill("Platinum")
    drawer.locator("[name=required_points]").fill("900")
    context.clear_cookies()
    drawer.get_by_role("button", name="Add tier").click()
    toast = owner.locator(".toast-bad").last
    expect(toast).to_contain_text("What you typed is still here")
    expect(toast.get_by_role("link", name="Sign in")).to_have_attribute("target", "_blank")
    visit(context, app, live_server, shop.owner_id).close()
    drawer.get_by_role("button", name="Add tier").click()
    expect(owner.locator(".toast-bad").last).to_contain_text("Press again")
    drawer.get_by_role("button", name="Add tier").click()
    expect(owner.get_by_text("Platinum").first).to_be_visible()
