"""A refusal keeps people where they are, and what they typed (C8, C12)."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from wtforms import PasswordField

from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.web.forms import BaseForm
from tests.factories import Shop, make_customer, make_shop
from tests.pressing import HTMX, Browser, Page, browser_as, press, words_of

SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.STAFF)


def counter_page(app: Flask, shop: Shop, staff: Browser) -> Page:
    return staff.get(shop.url(f"/counter/{make_customer(app, shop)}"))


def send(page: Page, headers: dict[str, str] = SAME_ORIGIN, **typed: str) -> Page:
    form = page.forms["give"]
    for name, value in typed.items():
        form[name] = value
    return form.submit(headers=headers, status="*")


def test_a_form_sent_after_the_session_ended_waits_for_the_sign_in(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    """C8: the session ended, then Give: "open too long", and the amount was lost."""
    page = counter_page(app, shop, staff)
    signed_out = staff.cookies["nxloy"]
    staff.cookiejar.clear()
    answer = send(page, amount="12.50")
    assert answer.status_int == 303
    assert "/sign-in?next=/go-on" in answer.location
    staff.set_cookie("nxloy", signed_out)  # whoever signs in now is this person
    kept = staff.get("/go-on")
    assert "What you typed is kept, and was not sent yet." in words_of(kept.text)
    assert "has 12 points" in words_of(press(kept, "Send it now").text)


def test_another_site_cannot_leave_a_form_for_the_sign_in(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    page = counter_page(app, shop, staff)
    staff.cookiejar.clear()
    answer = send(page, {"Sec-Fetch-Site": "cross-site"}, amount="12.50")
    assert answer.location.endswith("/sign-in")
    assert "kept_form" not in staff.cookies


def test_a_page_from_before_the_sign_in_is_offered_again(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    page = counter_page(app, shop, staff)
    page.forms["give"]["csrf_token"] = ""
    again = send(page, amount="12.50")
    assert again.status_int == 400
    assert "has 12 points" in words_of(press(again, "Send it now").text)


def test_a_password_is_not_kept(app: Flask, shop: Shop) -> None:
    owner = browser_as(app, shop)
    form = owner.get("/account").forms["email-form"]
    form["csrf_token"] = ""
    answer = form.submit(headers=SAME_ORIGIN, status=400)
    assert "kept_form" not in owner.cookies
    assert "Send it now" not in answer.text


def test_only_people_outside_of_businesses_are_asked_for_passwords() -> None:
    asking = {
        form.__module__
        for form in all_forms(BaseForm)
        for field in vars(form).values()
        if getattr(field, "field_class", None) is PasswordField
    }
    assert asking == {"nxloy_web.identity.forms"}


def all_forms(base: type[BaseForm]) -> Iterator[type[BaseForm]]:
    for form in base.__subclasses__():
        yield form
        yield from all_forms(form)


def test_a_part_of_a_page_stays_when_the_session_ended(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    page = counter_page(app, shop, staff)
    staff.cookiejar.clear()
    answer = send(page, SAME_ORIGIN | HTMX)
    assert answer.status_int == 401
    assert "HX-Redirect" not in answer.headers
    assert "What you typed is still here." in words_of(answer.text)
    assert 'target="_blank"' in answer.text


def test_refusals_stand_inside_the_page_with_a_way_on(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    """C12: a bare page with the number as headline and no way back."""
    before = "http://localhost" + shop.url("/counter/")
    for address, status in ((f"/counter/{new_id()}", 404), ("/settings/", 403)):
        page = staff.get(shop.url(address), headers={"Referer": before}, status=status)
        assert page.html.select_one(".desk") is not None, address
        heading = page.html.h1.get_text()
        assert not re.search(r"\d", heading), heading
        back = page.html.find("a", string=re.compile("Go back"))
        assert back is not None
        assert back["href"] == shop.url("/counter/")


def test_a_stranger_is_told_nothing_of_a_business(app: Flask, shop: Shop) -> None:
    other = browser_as(app, make_shop(app), Role.OWNER)
    page = other.get(shop.url("/counter/"), status=404)
    assert page.html.select_one(".desk") is None
    assert shop.slug not in words_of(page.text)
