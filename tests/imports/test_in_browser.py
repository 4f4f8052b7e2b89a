"""The pages of an import in each of its states, in Chromium: light and dark, desk and phone."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from tests.browsing import visit
from tests.factories import as_role, make_customer, make_shop
from tests.imports import steps
from tests.pressing import checking_csrf
from tests.screens.test_every_page import faults

pytestmark = pytest.mark.browser

BOUGHT = (
    b"email,phone,date,total,note\n"
    b'ann@example.com,12,2026-01-02,12.50,"oat\nmilk"\n'
    b"ann@example.com,,2026-01-03,8.00,\n"
    b"bo@example.com,,2026-01-03,9.00,\n"
)


def test_the_pages_of_an_import_in_every_state(
    app: Flask, live_server: str, context: BrowserContext
) -> None:
    """I1, I7, I11, M3."""
    shop = make_shop(app)
    make_customer(app, shop, "Ann", email_norm="ann@example.com")
    client = as_role(app, shop)
    page = visit(context, app, live_server, shop.owner_id)
    with checking_csrf(app, False):
        import_id = steps.upload(client, shop, BOUGHT, "PURCHASES")
    here = live_server + shop.url(f"/imports/{import_id}")
    wrong = {"columns": faults(page, f"{here}/columns")}
    with checking_csrf(app, False):
        steps.match(client, shop, import_id)
    wrong["checking"] = faults(page, here)
    steps.press_button(app, shop, import_id, "Stop the check")
    with checking_csrf(app, False):
        steps.check(app, client, shop, import_id)
    wrong["checked"] = faults(page, here)
    with checking_csrf(app, False):
        steps.begin(client, shop, import_id)
    wrong["running"] = faults(page, here)
    steps.press_button(app, shop, import_id, "Stop")
    wrong["stopped"] = faults(page, here)
    steps.press_button(app, shop, import_id, "Discard the file")
    wrong["without its file"] = faults(page, here)
    wrong["list"] = faults(page, live_server + shop.url("/imports/"))
    assert {state: lines for state, lines in wrong.items() if lines} == {}
