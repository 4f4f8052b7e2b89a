"""The gallery in Chromium: accessible in both themes, at three widths, under the strict policy."""

import threading
from collections.abc import Iterator
from typing import Literal

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from werkzeug.serving import WSGIRequestHandler, make_server

from nxloy_web.web.vendoring import ROOT

pytestmark = pytest.mark.browser

AXE = (ROOT / "tests" / "vendor" / "axe.min.js").read_text()
PAGES = ("/", "/portal", "/auth", "/error", "/drawer")
STILL = "*, ::before, ::after { animation: none !important; transition: none !important; }"


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Every request would be noise here."""


@pytest.fixture(scope="module")
def address(look: Flask) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, look, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_gallery_is_accessible_and_fits(browser: Browser, address: str, theme: str, width: int):
    phone = width < 960
    context = browser.new_context(
        viewport={"width": width, "height": 900}, is_mobile=phone, has_touch=phone, bypass_csp=True
    )
    context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page = context.new_page()
    for path in PAGES:
        page.goto(f"{address}/gallery{path}")
        page.add_style_tag(content=STILL)
        wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{path} scrolls sideways"
        page.evaluate(AXE)
        found = page.evaluate("axe.run()")["violations"]
        assert [(rule["id"], rule["nodes"][0]["html"]) for rule in found] == [], path
    context.close()


@pytest.fixture
def gallery(browser: Browser, address: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda m: problems.append(m.text) if "Policy" in m.text else None)
    page.goto(f"{address}/gallery/")
    yield page
    context.close()
    assert problems == []


def test_drawer_keeps_what_was_typed_and_gives_the_focus_back(gallery: Page):
    gallery.get_by_role("link", name="New reward").click()
    drawer = gallery.locator("#drawer")
    drawer.get_by_label("Name").fill("Tea")
    drawer.get_by_role("button", name="Create reward").click()
    drawer.get_by_text("Enter a whole number of 1 or more.").first.wait_for()
    assert drawer.get_by_label("Name").input_value() == "Tea"
    gallery.keyboard.press("Escape")
    gallery.locator("#confirm").get_by_role("button", name="Leave without it").click()
    drawer.wait_for(state="hidden")
    expect(gallery.get_by_role("link", name="New reward")).to_be_focused()


def test_a_deed_is_asked_about_and_shown_as_a_toast(gallery: Page):
    reject = gallery.get_by_role("button", name="Reject NX-PFR9-CD")
    reject.click()
    gallery.locator("#confirm").get_by_role("button", name="Cancel").click()
    gallery.locator("#confirm").wait_for(state="hidden")
    assert gallery.locator("nx-toast").count() == 0
    reject.click()
    gallery.locator("#confirm").get_by_role("button", name="Reject").click()
    gallery.locator("nx-toast").get_by_role("button", name="Undo").wait_for()


def test_search_opens_with_the_keyboard_and_filters_while_typing(gallery: Page):
    gallery.keyboard.press("Control+k")
    gallery.locator("#palette-q").fill("chloe")
    gallery.get_by_role("option", name="Noah Lindqvist").wait_for(state="detached")
    assert gallery.locator(".palette-option").first.text_content() == "Chloe DuboisNX-JCDT-TD"


def test_the_list_follows_its_filters_and_the_address_follows_the_list(gallery: Page):
    gallery.get_by_role("link", name="Pending").click()
    rows = gallery.get_by_role("table", name="Redemptions")
    rows.get_by_text("Chloe Dubois").wait_for(state="detached")
    gallery.get_by_role("searchbox").fill("noah")
    rows.get_by_text("Amara Okafor").wait_for(state="detached")
    assert "status=pending" in gallery.url
    assert "q=noah" in gallery.url


def test_everything_is_there_without_javascript(browser: Browser, address: str):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/gallery/")
    page.get_by_role("link", name="New reward").click()
    page.get_by_role("button", name="Create reward").click()
    assert page.locator(".field-error").count() > 0
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_systems_own_colours_still_show_what_is_chosen(
    browser: Browser, address: str, scheme: Literal["light", "dark"]
):
    context = browser.new_context(forced_colors="active", color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{address}/gallery/")

    def drawn(selector: str, style: str) -> str:
        read = "([selector, style]) => getComputedStyle(document.querySelector(selector))[style]"
        return str(page.evaluate(read, [selector, style]))

    assert drawn("input.switch", "appearance") == "auto"
    assert drawn("input[type=radio]", "appearance") == "auto"
    for chosen, other in (
        (".nav-list a[aria-current]", ".nav-list a:not([aria-current])"),
        (".chips a[aria-current]", ".chips a:not([aria-current])"),
        (".button-primary", ".button:not(.button-primary, .button-danger-solid)"),
    ):
        assert drawn(chosen, "backgroundColor") != drawn(other, "backgroundColor")
    tab, other_tab = ".tabs a[aria-current]", ".tabs a:not([aria-current])"
    assert drawn(tab, "borderBottomColor") != drawn(other_tab, "borderBottomColor")
    lines = [drawn(f".chart-line.tone-{tone}", "strokeDasharray") for tone in (1, 2)]
    assert lines[0] != lines[1]
    context.close()
