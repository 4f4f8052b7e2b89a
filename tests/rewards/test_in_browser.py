"""A merchant puts a reward on offer by hand, in Chromium."""

import re
from io import BytesIO

import pytest
from flask import Flask
from PIL import Image
from playwright.sync_api import BrowserContext, expect

from tests.browsing import agree, visit
from tests.factories import Shop, make_reward

pytestmark = pytest.mark.browser


def test_a_reward_with_a_picture_is_added_stocked_and_found(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    picture = BytesIO()
    Image.new("RGB", (600, 400), "#7b4f2a").save(picture, "JPEG")

    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url("/rewards/"))
    page.get_by_role("link", name="New reward").click()
    page.get_by_label("Name", exact=True).fill("Flat white")
    page.get_by_label("Picture", exact=False).first.set_input_files(
        {"name": "cup.jpg", "mimeType": "image/jpeg", "buffer": picture.getvalue()}
    )
    page.get_by_label("How many there are").fill("2")
    page.get_by_role("button", name="Add reward").click()
    expect(page.get_by_text("Ask for points, for money, or for both.", exact=True)).to_be_visible()
    expect(page.get_by_alt_text("The picture as customers see it")).to_be_visible()
    page.get_by_label("Points", exact=True).fill("120")
    page.get_by_role("button", name="Add reward").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Flat white")
    expect(page.locator("#stock")).to_contain_text("2 of 2")

    page.locator("#stock").get_by_role("link", name="Add").click()
    drawer = page.locator("#drawer")
    drawer.get_by_role("button", name="Add to stock").click()
    expect(drawer.get_by_text("Say how many.", exact=True)).to_be_visible()
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


def test_a_reward_is_changed_counted_copied_and_put_away(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    reward_id = make_reward(app, shop, "Cake")
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url(f"/rewards/{reward_id}"))
    stock, drawer, state = (page.locator(each) for each in ("#stock", "#drawer", ".page-head"))

    page.get_by_role("link", name="Edit").click()
    page.get_by_label("Points", exact=True).fill("90")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("90 points").first).to_be_visible()

    page.get_by_role("button", name="Take off offer").click()
    expect(state).to_contain_text("Inactive")
    page.get_by_role("button", name="Offer it").click()
    expect(state).to_contain_text("Active")
    page.get_by_role("button", name="More for Cake").click()
    page.get_by_role("button", name="Archive").click()
    expect(state).to_contain_text("Archived")
    page.get_by_role("button", name="Take out of the archive").click()
    expect(state).to_contain_text("Inactive")

    stock.get_by_role("link", name="Start counting").click()
    drawer.get_by_label("How many there really are").fill("7")
    drawer.get_by_label("Reason").fill("Counted on Sunday")
    drawer.get_by_role("button", name="Set the stock").click()
    expect(stock).to_contain_text("7 of 7")
    stock.get_by_role("button", name="Stop counting").click()
    agree(page, "Stop counting the stock of Cake?")
    expect(stock).to_contain_text("nobody counts")

    page.get_by_role("button", name="More for Cake").click()
    page.get_by_role("button", name="Duplicate").click()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Copy of Cake")
    page.goto(live_server + shop.url(f"/rewards/{reward_id}"))
    page.get_by_role("button", name="More for Cake").click()
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("link", name="Deleted").click()
    page.locator("#results").get_by_role("link", name="Cake").click()
    page.get_by_role("button", name="Restore").click()
    expect(page.get_by_role("button", name="More for Cake")).to_be_visible()
