"""Every form of every page of the demo business, as it is drawn."""

from collections.abc import Iterator
from typing import Any

from flask import Flask

from tests.pressing import Browser, browser_of, drawn_twice
from tests.screens.test_every_page import SLUG, pages

WITH_DEMO = True


def faults(browser: Browser, addresses: Iterator[str]) -> list[str]:
    return [
        f"{address}: {name} in the form to {form.action}"
        for address in addresses
        for page in [browser.get(address, expect_errors=True)]
        if page.content_type == "text/html"
        for form in dict.fromkeys(page.forms.values())
        for name in drawn_twice(form)
    ]


def test_no_form_of_the_desk_draws_a_field_twice(app: Flask, as_admin: Any) -> None:
    """C1 came of it: the application read the empty one of two."""
    row = as_admin.execute("SELECT id FROM users WHERE email_norm = 'jo@harbour.example'")
    browser = browser_of(app, row.fetchone()[0])
    assert faults(browser, pages(app, "b", as_admin)) == []


def test_no_form_of_the_portal_draws_a_field_twice(app: Flask, as_admin: Any) -> None:
    user_id, customer_id = as_admin.execute(
        "SELECT c.user_id, c.id FROM customers c JOIN businesses b ON b.id = c.business_id"
        " WHERE b.slug = %s AND c.email_norm = 'amara@harbour.example'",
        (SLUG,),
    ).fetchone()
    browser = browser_of(app, user_id, audience="portal")
    assert faults(browser, pages(app, "p", as_admin, customer_id=customer_id)) == []
