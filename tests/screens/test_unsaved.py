"""What a person typed is not lost: errors, leaving, the drawer."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from tests.browsing import visit
from tests.factories import Shop, make_shop

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def desk(context: BrowserContext, app: Flask, live_server: str, shop: Shop) -> Page:
    return visit(context, app, live_server, shop.owner_id)


def open_new_reward(desk: Page, live_server: str, shop: Shop) -> None:
    desk.goto(live_server + shop.url("/rewards/new"))
    desk.get_by_label("Name", exact=True).fill("Tasting evening")


def test_errors_are_summed_up_and_have_the_focus(desk: Page, live_server: str, shop: Shop) -> None:
    """D2: the page came back at its top, the message stood far below, and the focus was lost."""
    open_new_reward(desk, live_server, shop)
    desk.locator("#points_cost").fill("-5")
    desk.get_by_role("button", name="Add reward").click()
    summary = desk.locator(".form-errors")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("One thing to put right. What you typed is kept.")
    expect(desk).to_have_title("Error: New reward · " + shop_name(desk))
    expect(desk.get_by_label("Name", exact=True)).to_have_value("Tasting evening")
    summary.get_by_role("link").click()
    assert desk.evaluate("document.activeElement.getAttribute('aria-invalid')") == "true"


def shop_name(desk: Page) -> str:
    return desk.title().partition(" · ")[2]


def test_leaving_asks_and_stays(desk: Page, live_server: str, shop: Shop) -> None:
    """D6: half filled, then another page: gone without a question."""
    open_new_reward(desk, live_server, shop)
    desk.get_by_role("link", name="Customers").first.click()
    question = desk.locator("#confirm")
    expect(question).to_contain_text("Keep what you typed?")
    expect(question).to_contain_text("One field is changed and not saved.")
    expect(question.get_by_role("button", name="Stay here")).to_be_focused()
    question.get_by_role("button", name="Stay here").click()
    expect(desk.get_by_label("Name", exact=True)).to_have_value("Tasting evening")
    desk.get_by_role("link", name="Customers").first.click()
    question.get_by_role("button", name="Leave without it").click()
    expect(desk).to_have_url(live_server + shop.url("/customers/"))


def test_cancel_asks_nothing(desk: Page, live_server: str, shop: Shop) -> None:
    open_new_reward(desk, live_server, shop)
    desk.get_by_role("link", name="Cancel").click()
    expect(desk).to_have_url(live_server + shop.url("/rewards/"))


@pytest.mark.parametrize("way", ["Escape", "cross"])
def test_the_drawer_asks_too(desk: Page, live_server: str, shop: Shop, way: str) -> None:
    """D6: Esc in a drawer."""
    desk.goto(live_server + shop.url(f"/programs/{shop.program_id}"))
    desk.get_by_role("link", name="Add tier").first.click()
    drawer = desk.locator("#drawer")
    drawer.get_by_label("Name").fill("Platinum")
    if way == "Escape":
        desk.keyboard.press("Escape")
    else:
        drawer.get_by_role("button", name="Close").click()
    question = desk.locator("#confirm")
    expect(question).to_contain_text("Keep what you typed?")
    question.get_by_role("button", name="Stay here").click()
    expect(drawer.get_by_label("Name")).to_have_value("Platinum")


def test_what_is_saved_is_not_asked_about(desk: Page, live_server: str, shop: Shop) -> None:
    desk.goto(live_server + shop.url("/settings/"))
    desk.get_by_label("Name", exact=True).fill("Harbour Tea")
    desk.get_by_role("button", name="Save", exact=True).click()
    expect(desk.locator(".toast").first).to_be_visible()
    expect(desk.locator("#confirm")).to_be_hidden()


def test_the_save_bar_stands_in_the_window(desk: Page, live_server: str, shop: Shop) -> None:
    """D3: it stood below the window, sticky in an element as tall as itself."""
    desk.set_viewport_size({"width": 1280, "height": 500})
    desk.goto(live_server + shop.url("/settings/"))
    desk.get_by_label("Name", exact=True).fill("Harbour Tea")
    bar = desk.locator(".save-bar")
    expect(bar).to_be_in_viewport(ratio=1)
    desk.set_viewport_size({"width": 390, "height": 700})
    expect(bar).to_be_in_viewport(ratio=1)
