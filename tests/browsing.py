"""A person at a real browser."""

from flask import Flask
from playwright.sync_api import BrowserContext, Page, expect

from tests.factories import sign_in


def visit(
    context: BrowserContext, app: Flask, server: str, user_id: str, audience: str = "staff"
) -> Page:
    """A page in which this person is signed in: the cookie is the application's own."""
    client = app.test_client()
    sign_in(client, user_id, audience)
    cookie = client.get_cookie("nxloy-portal" if audience == "portal" else "nxloy")
    assert cookie is not None
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "url": server}])
    return context.new_page()


def agree(page: Page, question: str) -> None:
    """Say yes to what is asked before something is done."""
    dialog = page.locator("#confirm")
    expect(dialog).to_contain_text(question)
    dialog.locator("[value=yes]").click()
