"""The way to the portal on paper."""

from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext

from nxloy_web.permissions import Role
from tests.browsing import visit
from tests.factories import as_role, make_shop


def test_the_poster_names_the_portal_by_its_configured_address(app: Flask) -> None:
    shop = make_shop(app, slug="corner-bakery", name="Corner <Bakery>")
    client = as_role(app, shop, Role.STAFF)
    answer = client.get(shop.url("/poster/"))  # asked at localhost, without the port
    assert answer.status_code == 200
    assert "localhost:8000/p/corner-bakery" in answer.text, answer.text[-3000:]
    assert "Corner &lt;Bakery&gt;" in answer.text
    assert "poster-a5" in answer.text
    assert "poster-slip" in client.get(shop.url("/poster/?size=slip")).text


def test_the_code_can_be_taken_to_other_papers(app: Flask) -> None:
    shop = make_shop(app)
    picture = as_role(app, shop).get(shop.url("/poster/qr.png"))
    assert Image.open(BytesIO(picture.data)).width > 500
    assert shop.slug in picture.headers["Content-Disposition"]


@pytest.mark.browser
def test_the_poster_is_printed(app: Flask, live_server: str, context: BrowserContext) -> None:
    shop = make_shop(app)
    page = visit(context, app, live_server, shop.users[Role.STAFF])
    page.add_init_script("window.print = () => { document.title = 'printing'; }")
    page.goto(live_server + shop.url("/poster/"))
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printing"
