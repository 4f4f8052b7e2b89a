"""Two sessions a browser, one of the desk and one of the portal; cookies as strict as can be."""

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web import create_app
from nxloy_web.db import db
from tests.factories import Shop, as_role, make_customer, make_shop, make_user, sign_in
from tests.pressing import Browser, browser_of, press


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def tablet(app: Flask, shop: Shop) -> FlaskClient:
    """A browser in which the owner is at the desk and a customer at their card."""
    user_id = make_user(app)
    make_customer(app, shop, user_id=user_id)
    client = as_role(app, shop)
    sign_in(client, user_id, audience="portal")
    return client


def sees(client: FlaskClient, shop: Shop) -> tuple[bool, bool]:
    """Whether the desk and the card are open."""
    desk, card = client.get(shop.url("/")), client.get(shop.portal("/card"))
    return desk.status_code == 200, card.status_code == 200


def test_signing_in_on_the_portal_leaves_the_desk_open(tablet: FlaskClient, shop: Shop) -> None:
    """W9: it signed the desk out."""
    assert sees(tablet, shop) == (True, True)


def sign_out(client: FlaskClient, page: str) -> None:
    """With the form of the page."""
    drawn = BeautifulSoup(client.get(page).text, "html.parser")
    form = drawn.select_one("form[action$='/sign-out']")
    assert form is not None
    client.open(str(form["action"]), method="POST")


def test_signing_out_ends_one_of_both(tablet: FlaskClient, shop: Shop) -> None:
    """W9: so did signing out."""
    sign_out(tablet, shop.portal("/profile"))
    assert sees(tablet, shop) == (True, False)
    other = tablet.application.test_client()
    sign_in(other, shop.owner_id)
    sign_out(tablet, shop.url("/"))
    assert sees(tablet, shop) == (False, False)
    assert sees(other, shop) == (True, False)


def test_a_customers_session_opens_no_desk_in_whichever_cookie(
    app: Flask, tablet: FlaskClient, shop: Shop
) -> None:
    """The owner, signed in by a mailed code, puts that session into the desk's cookie."""
    by_code = app.test_client()
    sign_in(by_code, shop.owner_id, audience="portal")
    cookie = by_code.get_cookie("nxloy-portal")
    assert cookie is not None
    by_code.set_cookie("nxloy", cookie.value)
    assert by_code.get(shop.url("/")).location.startswith("/sign-in")


def both(app: Flask, shop: Shop) -> Browser:
    """The same tablet with tokens asked of its forms."""
    user_id = make_user(app)
    make_customer(app, shop, user_id=user_id)
    browser, at_desk = browser_of(app, user_id, "portal"), browser_of(app, shop.owner_id)
    for cookie in at_desk.cookiejar:
        browser.cookiejar.set_cookie(cookie)
    return browser


def test_forms_around_pages_work_on_either_side(app: Flask, shop: Shop) -> None:
    """Each page's token is of its own side: the forms go to addresses of that side."""
    browser = both(app, shop)
    for path in (shop.url("/"), shop.portal("/card"), "/my-cards/"):
        page = browser.get(path, headers={"Referer": "http://localhost" + path})
        theme = next(form for form in page.forms.values() if "theme" in form.action)
        assert theme.submit().status_code == 303, path
    press(browser.get(shop.portal("/profile")), "Sign out")
    assert browser.get(shop.url("/")).status_code == 200


def test_a_customer_has_an_account_and_a_team_member_theirs(app: Flask, shop: Shop) -> None:
    user_id = make_user(app, "Wilma Portal")
    customer = browser_of(app, user_id, "portal")
    assert "Wilma Portal" in customer.get("/account").text
    assert "Wilma Portal" not in both(app, shop).get("/account").text


def test_over_https_cookies_are_of_this_host_alone(app: Flask) -> None:
    """X16: they had no `__Host-`. Without HTTPS a browser would not take them."""
    given = {key: app.config[key] for key in ("SECRET_KEY", "INSTANCE", "DATABASE_URL")}
    made = create_app(given | {"BASE_URL": "https://shop.example", "WTF_CSRF_ENABLED": False})
    client = made.test_client()
    pages = [("/password/forgotten", {"email": "ann@example.com"}), ("/theme", {"theme": "dark"})]
    cookies = [
        cookie
        for path, typed in pages
        for cookie in client.post(
            path, data=typed, base_url="https://shop.example"
        ).headers.getlist("Set-Cookie")
    ]
    with made.app_context():
        db.engine.dispose()
    assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-nxloy", "theme"]
    assert all("Secure" in cookie and "HttpOnly" in cookie for cookie in cookies)
    assert "Path=/" in cookies[0]
    assert "Domain" not in cookies[0]
    assert (made.config["PORTAL_COOKIE_NAME"], app.config["PORTAL_COOKIE_NAME"]) == (
        "__Host-nxloy-portal",
        "nxloy-portal",
    )
