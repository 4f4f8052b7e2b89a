"""A refusal keeps people where they are, and what they typed (C8, C12)."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from werkzeug.exceptions import HTTPException, default_exceptions
from wtforms import PasswordField

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.tables.businesses import Membership
from nxloy_web.web.forms import BaseForm
from tests.factories import Shop, inside, make_customer, make_shop
from tests.portal import steps as portal_steps
from tests.pressing import HTMX, Browser, Page, browser_as, form_with, press, words_of

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


def test_a_kept_form_is_forgotten_when_it_was_sent_or_left_behind(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    signed_out = staff.cookies["nxloy"]
    from_there = {"Referer": "http://localhost/go-on", "Sec-Fetch-Mode": "navigate"}
    for goes_on in ("Send it now", "Go back without it"):
        page = counter_page(app, shop, staff)
        staff.cookiejar.clear()
        send(page, amount="12.50")
        staff.set_cookie("nxloy", signed_out)
        kept = staff.get("/go-on")
        if goes_on == "Send it now":
            form_with(kept, goes_on).submit(headers=from_there, status=303)
        else:
            before = kept.html.find("a", string=re.compile(goes_on))["href"]
            staff.get(before, headers=from_there)
        assert staff.get("/go-on").status_int == 303  # there is nothing to go on with


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


@pytest.mark.parametrize("status", [400, 404, 405, 409, 410, 413, 415, 422, 429, 431])
def test_every_refusal_has_words_and_a_way_on(app: Flask, shop: Shop, status: int) -> None:
    """C12: also where the request came no further than its address or its body."""
    for browser, around in ((browser_as(app, shop), ".desk"), (Browser(app), "main")):
        with app.test_request_context(shop.url("/nothing-here"), environ_base=cookies_of(browser)):
            error = make_response_of(status)
            page = BeautifulSoup(app.handle_http_exception(error).get_data(), "html.parser")
        assert page.select_one(around) is not None
        assert_has_words_and_a_way_on(page)


def make_response_of(status: int) -> HTTPException:
    """As Werkzeug raises it, with a description of its own."""
    error = default_exceptions.get(status, HTTPException)(description=f"{status} Bad Thing")
    error.code = status
    return error


def cookies_of(browser: Browser) -> dict[str, str]:
    return {"HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in browser.cookies.items())}


def assert_has_words_and_a_way_on(page: Any) -> None:
    heading = page.h1.get_text()
    assert not re.search(r"\d", heading), heading
    assert "Bad Thing" not in page.get_text()
    assert page.find("a", string=re.compile("Go to the start"))["href"] is not None


def test_an_address_that_is_none_stands_inside_the_business(app: Flask, shop: Shop) -> None:
    """C12: a bare page, whoever looked."""
    owner = browser_as(app, shop)
    for address in (shop.url("/nothing"), "/nothing", shop.url("/team/nothing/nothing")):
        page = owner.get(address, status=404)
        assert page.html.select_one(".desk") is not None, address
        assert page.html.find("a", string=re.compile("Go to the start"))["href"] == shop.url("/")
        assert_has_words_and_a_way_on(page.html)
    deed = owner.get(shop.url("/locations/choice"), status=405)
    assert deed.html.select_one(".desk") is not None
    assert_has_words_and_a_way_on(deed.html)


def test_it_stands_inside_the_portal(app: Flask, shop: Shop) -> None:
    member, _customer_id = portal_steps.member(app, shop)
    page = member.get(shop.portal("/nothing"), status=404)
    assert page.html.select_one("main.portal") is not None
    start = page.html.find("a", string=re.compile("Go to the start"))["href"]
    assert start == shop.portal("/card")
    stranger = Browser(app).get(shop.portal("/nothing"), status=404)
    assert stranger.html.find("a", string=re.compile("Go to the start"))["href"] == shop.portal("/")


def test_where_somebody_came_from_says_which_of_their_businesses(app: Flask, shop: Shop) -> None:
    other = make_shop(app)
    with inside(app, other):
        db.session.add(Membership(user_id=shop.owner_id, role=Role.STAFF))
        db.session.commit()
    owner = browser_as(app, shop)
    assert owner.get("/nothing", status=404).html.select_one(".desk") is None
    came_from = {"Referer": "http://localhost" + other.url("/counter/")}
    page = owner.get("/nothing", headers=came_from, status=404)
    assert page.html.find("a", string=re.compile("Go to the start"))["href"] == other.url("/")


def test_the_desk_of_a_stranger_is_not_drawn(app: Flask, shop: Shop) -> None:
    for browser in (Browser(app), browser_as(app, make_shop(app))):
        came_from = {"Referer": "http://localhost" + shop.url("/counter/")}
        page = browser.get(shop.url("/nothing"), headers=came_from, status=404)
        assert shop.slug not in words_of(page.text)
        assert shop.slug.replace("-", " ").title() not in page.text
        assert_has_words_and_a_way_on(page.html)


def test_a_body_that_is_too_large_is_refused_inside_the_desk(
    app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1_000)
    owner = browser_as(app, shop)
    form = form_with(owner.get(shop.url("/locations/new")), "Add")
    form["name"] = "x" * 2_000
    page = form.submit(status=413)
    assert page.html.select_one(".desk") is not None
    assert_has_words_and_a_way_on(page.html)


def test_a_stranger_is_told_nothing_of_a_business(app: Flask, shop: Shop) -> None:
    other = browser_as(app, make_shop(app), Role.OWNER)
    page = other.get(shop.url("/counter/"), status=404)
    assert page.html.select_one(".desk") is None
    assert shop.slug not in words_of(page.text)
