"""Acting as a person does: the form comes from the rendered page and is sent with its own button.

A test that writes the fields itself proves nothing about the page: what the page draws twice, or
not at all, it never sees. Here the check of CSRF is on, as it is for people.

Three ways to send something: `press` for a person, `press_with_htmx` for the same where the answer
is a piece of the page, `hostile_post` for what no page offers.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import Cookie
from typing import Any, Literal

import webtest
from bs4 import BeautifulSoup
from flask import Flask
from webtest.forms import Checkbox, Hidden, Submit

from nxloy_web.permissions import Role
from tests.factories import Shop, sign_in

Page = webtest.TestResponse
HTMX = {"HX-Request": "true"}
ROWS = "id"
"""The name of a field that stands once for each row that is meant, and is read so."""

Hostile = Literal[
    "no right",  # the page has no such button for this role
    "a stranger",  # of another business, or another customer
    "a wrong id",
    "a forged field",  # a value that the page does not offer
    "no such state",  # the page has this button in other states only
    "an old page",  # a version that never was, or is long past
]


class Browser(webtest.TestApp):
    """One person's browser: cookies, pages, forms. A token is asked of every form."""

    checks_csrf = True

    def do_request(self, *arguments: Any, **more: Any) -> Page:
        with checking_csrf(self.app, self.checks_csrf):
            return super().do_request(*arguments, **more)


@contextmanager
def checking_csrf(app: Flask, checking: bool) -> Iterator[None]:
    before = app.config["WTF_CSRF_ENABLED"]
    app.config["WTF_CSRF_ENABLED"] = checking
    try:
        yield
    finally:
        app.config["WTF_CSRF_ENABLED"] = before


def browser_of(app: Flask, user_id: str | None = None, audience: str = "staff") -> Browser:
    """A browser in which this person is signed in, or nobody."""
    browser = Browser(app)
    if user_id is not None:
        client = app.test_client()
        sign_in(client, user_id, audience)
        for cookie in client._cookies.values():
            browser.cookiejar.set_cookie(_kept(cookie.key, cookie.value))
    return browser


def browser_as(app: Flask, shop: Shop, role: Role = Role.OWNER) -> Browser:
    """A browser in which somebody of this role is signed in."""
    return browser_of(app, shop.users[role])


def press(page: Page, button: str, /, *, where: str | None = None, **typed: Any) -> Page:
    """Type into the form that has this button, press it, and go where that leads.

    `button` is what stands on it. `where` is a CSS selector of a part of the page, when several
    parts have such a button. What the page does not show cannot be typed into: that is an error
    of the test. A list ticks the boxes of these values.
    """
    return _send(page, button, where, typed, {}).maybe_follow()


def press_with_htmx(page: Page, button: str, /, *, where: str | None = None, **typed: Any) -> Page:
    """The same where htmx sends the form: the answer is what is put into the page."""
    return _send(page, button, where, typed, HTMX)


def hostile_post(
    browser: Browser, why: Hostile, path: str, fields: Mapping[str, Any] | None = None
) -> Page:
    """Fields that no page has drawn, as somebody sends them who means no good.

    With the check of CSRF off, so that it is not this which refuses them.
    """
    browser.checks_csrf = False
    try:
        return browser.post(path, fields or {}, status="*")
    finally:
        browser.checks_csrf = True


def form_with(page: Page, button: str, where: str | None = None) -> webtest.Form:
    """The one form of the page that has this button."""
    found = [
        form
        for form in dict.fromkeys(page.forms.values())
        if any(_says(each, button) for each in _buttons(form)) and _stands_in(page, where, form)
    ]
    assert len(found) == 1, f"{len(found)} forms have a button {button!r}"
    return found[0]


def drawn_twice(form: webtest.Form) -> list[str]:
    """Names that several fields of the form have. The application reads the first of them."""
    alone = [
        name
        for name, fields in form.fields.items()
        for field in fields
        if name not in (None, ROWS) and not isinstance(field, Checkbox | Submit)
    ]
    return sorted({name for name in alone if alone.count(name) > 1})


def buttons_of(page: Page) -> list[str]:
    """What stands on the buttons that send something."""
    return [_text(each) for form in dict.fromkeys(page.forms.values()) for each in _buttons(form)]


def words_of(html: str) -> str:
    """What a person reads. A short word is by chance in some token, address or hash of a page."""
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def _send(
    page: Page, button: str, where: str | None, typed: Mapping[str, Any], headers: dict[str, str]
) -> Page:
    form = form_with(page, button, where)
    assert drawn_twice(form) == [], "the application reads the first one only"
    _leave_out_disabled(form)
    for name, value in typed.items():
        shown = [field for field in form.fields.get(name, ()) if not isinstance(field, Hidden)]
        assert shown, f"{button!r}: no field {name!r} that a person sees"
        form[name] = value
    return form.submit(**_of_button(form, button), headers=headers, status="*")


def _leave_out_disabled(form: webtest.Form) -> None:
    """A browser does not send what is disabled."""
    for name, fields in form.fields.items():
        form.fields[name] = [field for field in fields if "disabled" not in field.attrs]
    form.field_order = [each for each in form.field_order if "disabled" not in each[1].attrs]


def _stands_in(page: Page, where: str | None, form: webtest.Form) -> bool:
    if where is None:
        return True
    return any(
        str(each) == str(form.html.form)
        for part in page.html.select(where)
        for each in [part, *part.select("form")]
    )


def _buttons(form: webtest.Form) -> list[Any]:
    inside = form.html.select("button[type=submit], button:not([type]), input[type=submit]")
    beside = form.response.html.select(f'button[form="{form.id}"]') if form.id else []
    return [*inside, *beside]


def _text(element: Any) -> str:
    said = element.get("value") if element.name == "input" else element.get_text(" ", strip=True)
    return " ".join((said or "").split())


def _says(element: Any, text: str) -> bool:
    return _text(element) == text


def _of_button(form: webtest.Form, text: str) -> dict[str, str]:
    """Name and value of the button, which a browser sends along."""
    element = next(each for each in _buttons(form) if _says(each, text))
    return (
        {"name": element["name"], "value": element.get("value", "")} if element.get("name") else {}
    )


def _kept(name: str, value: str) -> Cookie:
    """As if the application had set it: under the name that the jar gives to this machine, so
    that the application's own next cookie takes its place instead of standing beside it."""
    host: dict[str, Any] = {"domain": "localhost.local", "domain_specified": False}
    when: dict[str, Any] = {"expires": None, "discard": True, "secure": False}
    return Cookie(
        0, name, value, None, False, path="/", path_specified=True, domain_initial_dot=False,
        comment=None, comment_url=None, rest={}, **host, **when,
    )  # fmt: skip
