"""D11 in Chromium, which sends line breaks, colours and times in a spelling of its own."""

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext

from tests.browsing import visit
from tests.factories import make_shop
from tests.facts.test_unchanged import acts, made, whole_row
from tests.facts.things import THINGS, Thing

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("thing", THINGS, ids=str)
def test_its_form_sent_as_it_was_drawn_changes_nothing(
    app: Flask, live_server: str, context: BrowserContext, thing: Thing
) -> None:
    shop = make_shop(app)
    row_id = made(app, shop, thing)
    before, acts_before = whole_row(app, shop, thing, row_id), acts(app, shop)
    page = visit(context, app, live_server, shop.owner_id)
    path = thing.page.format(id=row_id, program_id=shop.program_id)
    page.goto(live_server + shop.url(path))
    button = page.get_by_role("button", name=thing.button, exact=True).last
    if not button.is_visible():  # a bar that comes when something is typed
        field = page.locator(f"[name={thing.to_change[0]}]")
        field.fill(field.input_value())
    with page.expect_response(lambda answer: answer.request.method == "POST") as answer:
        button.click()
    assert answer.value.status < 400
    assert whole_row(app, shop, thing, row_id) == before
    assert acts(app, shop) == acts_before
