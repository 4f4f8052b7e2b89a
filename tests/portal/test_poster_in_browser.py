"""The poster from the page to the printer. In a file of its own: a served application has
another address."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from nxloy_web.permissions import Role
from tests.browsing import visit
from tests.factories import make_shop


@pytest.mark.browser
def test_the_poster_is_printed(app: Flask, live_server: str, context: BrowserContext) -> None:
    shop = make_shop(app)
    page = visit(context, app, live_server, shop.users[Role.STAFF])
    page.add_init_script("window.print = () => { document.title = 'printing'; }")
    page.goto(live_server + shop.url("/poster/"))
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printing"
