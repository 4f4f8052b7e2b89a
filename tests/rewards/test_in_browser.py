"""A merchant puts a reward on offer by hand, in Chromium."""

import re
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from tests.factories import Shop, sign_in

pytestmark = pytest.mark.browser


def test_a_reward_with_a_picture_is_added_stocked_and_found(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    client = app.test_client()
    sign_in(client, shop.owner_id)
    cookie = client.get_cookie("nxloy")
    assert cookie is not None
    context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": live_server}])
    picture = BytesIO()
    Image.new("RGB", (600, 400), "#7b4f2a").save(picture, "JPEG")

    page = context.new_page()
    page.goto(live_server + shop.url("/rewards/"))
    page.get_by_role("link", name="New reward").click()
    page.get_by_label("Name", exact=True).fill("Flat white")
    page.get_by_label("Picture", exact=False).first.set_input_files(
        {"name": "cup.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    )
    page.get_by_label("How many there are").fill("2")
    page.get_by_role("button", name="Add reward").click()
    expect(page.get_by_text("Ask for points, for money, or for both.")).to_be_visible()
    expect(page.get_by_alt_text("The picture as customers see it")).to_be_visible()
    page.get_by_label("Points", exact=True).fill("120")
    page.get_by_role("button", name="Add reward").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flat white")
    expect(page.locator("#stock")).to_contain_text("2 of 2")

    page.locator("#stock").get_by_role("link", name="Add").click()
    drawer = page.locator("#drawer")
    drawer.get_by_role("button", name="Add to stock").click()
    expect(drawer.get_by_text("Say how many.")).to_be_visible()
    drawer.get_by_label("How many came in").fill("10")
    drawer.get_by_label("Reason").fill("Delivery")
    drawer.get_by_role("button", name="Add to stock").click()
    expect(page.locator("#stock")).to_contain_text("12 of 12")
    expect(page.get_by_text("Added +10, 12 left")).to_be_visible()

    page.get_by_role("link", name="Rewards").first.click()
    search = page.get_by_role("searchbox", name="Name of a reward")
    search.press_sequentially("tea")
    expect(page.get_by_text("No reward matches")).to_be_visible()
    search.fill("fla")
    expect(page.locator("#results").get_by_role("link", name="Flat white")).to_be_visible()
    expect(page).to_have_url(re.compile("q=fla"))
