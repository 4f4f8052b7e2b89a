"""The way to the portal on paper."""

from io import BytesIO

from flask import Flask
from PIL import Image

from nxloy_web.permissions import Role
from tests.factories import as_role, make_shop


def test_the_poster_names_the_portal_by_its_configured_address(app: Flask) -> None:
    shop = make_shop(app, slug="corner-bakery", name="Corner <Bakery>")
    client = as_role(app, shop, Role.STAFF)
    answer = client.get(shop.url("/poster/"))  # asked at localhost, without the port
    assert answer.status_code == 200
    assert "localhost:8000/p/corner-bakery" in answer.text
    assert "Corner &lt;Bakery&gt;" in answer.text
    assert "poster-a5" in answer.text
    assert "poster-slip" in client.get(shop.url("/poster/?size=slip")).text


def test_the_code_can_be_taken_to_other_papers(app: Flask) -> None:
    shop = make_shop(app)
    picture = as_role(app, shop).get(shop.url("/poster/qr.png"))
    assert Image.open(BytesIO(picture.data)).width > 500
    assert shop.slug in picture.headers["Content-Disposition"]
