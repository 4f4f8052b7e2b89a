"""The browser of the tests: the application's pages, and nothing outside of this machine."""

import pytest
from playwright.sync_api import Error, Page

pytestmark = pytest.mark.browser


def test_it_reaches_the_application(page: Page, live_server: str) -> None:
    answer = page.goto(f"{live_server}/readyz")
    assert answer is not None
    assert answer.status == 200
    assert "ready" in page.content()


def test_it_reaches_nothing_else(page: Page) -> None:
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://example.org/")
