"""The way in, walked in a real browser."""

import re

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from tests.factories import make_user
from tests.identity.letters import last_mail, link_in

pytestmark = pytest.mark.browser


def test_a_merchant_signs_up_confirms_and_is_in(app: Flask, live_server: str, page: Page) -> None:
    page.goto(live_server)
    page.get_by_role("link", name="Start with your business").click()
    page.get_by_label("Your name").fill("Maria Lund")
    page.get_by_label("E-mail").fill("maria@example.com")
    page.get_by_label("Password").fill("short")
    page.get_by_label("Business", exact=True).press_sequentially("Café Luna")
    expect(page.get_by_label("Web address")).to_have_value("cafe-luna")
    page.get_by_label("Timezone").select_option("Europe/Berlin")
    page.get_by_label("First location").fill("Harbour")
    page.get_by_role("button", name="Create my business").click()
    expect(page.get_by_role("alert")).to_contain_text("Use at least 10 characters.")
    expect(page.get_by_label("Web address")).to_have_value("cafe-luna")
    page.get_by_label("Password").fill("seven grey herons")
    page.get_by_role("button", name="Create my business").click()
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()
    page.goto(live_server + link_in(last_mail(app, "maria@example.com"), "/verify/"))
    page.get_by_role("button", name="Confirm and continue").click()
    expect(page).to_have_url(re.compile(r"/b/cafe-luna/$"))
    expect(page.get_by_text("Your address is confirmed.")).to_be_visible()


def test_a_lost_password_is_replaced(app: Flask, live_server: str, page: Page) -> None:
    make_user(app, "Noor Haddad", "noor@example.com")
    page.goto(live_server + "/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("E-mail").fill("noor@example.com")
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Look into your inbox")).to_be_visible()
    page.goto(live_server + link_in(last_mail(app, "noor@example.com"), "/password/new/"))
    page.get_by_label("New password").fill("nine white swans")
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.get_by_text("Your password is changed.")).to_be_visible()
    page.goto(live_server + "/account")
    page.get_by_role("button", name="Sign out everywhere").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("E-mail").fill("noor@example.com")
    page.get_by_label("Password").fill("nine white swans")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Where to?")).to_be_visible()


def test_sign_up_proposes_what_the_clock_of_the_device_says(
    live_server: str, browser: Browser
) -> None:
    """D4."""
    context = browser.new_context(timezone_id="Asia/Tokyo", locale="en-US")
    page = context.new_page()
    page.goto(f"{live_server}/sign-up")
    expect(page.get_by_label("Currency")).to_have_value("JPY")
    expect(page.get_by_label("Timezone")).to_have_value("Asia/Tokyo")
    page.get_by_label("Currency").select_option("EUR")
    page.get_by_role("button", name="Create my business").click()
    expect(page.get_by_label("Currency")).to_have_value("EUR")
    context.close()
