"""Acting as a person does: the form comes from the rendered page and is sent with its own button.

A test that writes the fields itself proves nothing about the page: what the page draws twice, or
not at all, it never sees. Here the check of CSRF is on, as it is for people.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import Cookie
from typing import Any

import webtest
from flask import Flask

from tests.factories import sign_in

Page = webtest.TestResponse


class Browser(webtest.TestApp):
    """One person's browser: cookies, pages, forms. Follows redirects when it is told to."""


@contextmanager
def checking_csrf(app: Flask) -> Iterator[None]:
    before = app.config["WTF_CSRF_ENABLED"]
    app.config["WTF_CSRF_ENABLED"] = True
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


def _kept(name: str, value: str) -> Cookie:
    """As if the application had set it: under the name that the jar gives to this machine, so
    that the application's own next cookie takes its place instead of standing beside it."""
    host: dict[str, Any] = {"domain": "localhost.local", "domain_specified": False}
    when: dict[str, Any] = {"expires": None, "discard": True, "secure": False}
    return Cookie(
        0, name, value, None, False, path="/", path_specified=True, domain_initial_dot=False,
        comment=None, comment_url=None, rest={}, **host, **when,
    )  # fmt: skip


def press(
    page: Page, button: str, *, where: str | None = None, status: Any = None, **typed: Any
) -> Page:
    """Type into the form that has this button, press it, and go where that leads.

    `button` is what stands on it. `where` is the id of the form, when several have such a button.
    A field that the page does not show cannot be typed into: that is an error of the test.
    """
    form = form_with(page, button, where)
    for name, value in typed.items():
        form[name] = value
    answer = form.submit(**_of_button(form, button), status=status or "*")
    return answer.maybe_follow()


def form_with(page: Page, button: str, where: str | None = None) -> webtest.Form:
    """The one form of the page that has this button."""
    found = [
        form
        for form in dict.fromkeys(page.forms.values())
        if (where is None or form.id == where) and any(_says(b, button) for b in _buttons(form))
    ]
    assert len(found) == 1, f"{len(found)} forms have a button {button!r}"
    return found[0]


def _buttons(form: webtest.Form) -> Any:
    return form.html.select("button, input[type=submit]")


def _says(element: Any, text: str) -> bool:
    said = element.get("value") if element.name == "input" else element.get_text(" ", strip=True)
    return " ".join((said or "").split()) == text


def _of_button(form: webtest.Form, text: str) -> dict[str, str]:
    """Name and value of the button, which a browser sends along."""
    element = next(each for each in _buttons(form) if _says(each, text))
    return (
        {"name": element["name"], "value": element.get("value", "")} if element.get("name") else {}
    )
