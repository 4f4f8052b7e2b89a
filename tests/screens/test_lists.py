"""What is true of every list: its export is what it shows, and its figures agree."""

from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking
from nxloy_web.tables.redemptions import RewardRedemption
from tests.browsing import visit
from tests.customers.people import enrolled
from tests.factories import Shop, inside, make_reward, make_shop
from tests.ledger.books import give
from tests.pressing import HTMX, browser_as, press, press_with_htmx, words_of


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def asked(app: Flask, shop: Shop, name: str) -> RewardRedemption:
    """One more request, of a customer of this name."""
    customer_id, reward_id = (
        enrolled(app, shop, name),
        make_reward(app, shop, f"{name}'s cake"),
    )
    give(app, shop, customer_id, 500)
    with inside(app, shop):
        redemption = asking.ask(
            id=new_id(),
            customer_id=customer_id,
            reward_id=reward_id,
            by=shop.actor(),
            at=clock.now(),
        )
        db.session.commit()
        return redemption


def exported(browser: Any, part: str) -> list[str]:
    """The lines of the file that the export of this part of a page leads to."""
    (link,) = BeautifulSoup(part, "html.parser").select("a[href*='export.csv']")
    return list(browser.get(str(link["href"])).text.splitlines()[1:])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/customers/", {"q": "Amara"}),
        ("/redemptions/", {"q": "Amara"}),
        ("/redemptions/", {"status": "APPROVED"}),
        ("/redemptions/", {"location": "here"}),
        ("/ledger/", {"q": "Amara"}),
    ],
)
def test_what_is_exported_is_what_is_on_the_screen(
    app: Flask, shop: Shop, path: str, query: dict[str, str]
) -> None:
    """D5: the export comes with the part that filters swap, and means that part."""
    first, _ = asked(app, shop, "Amara"), asked(app, shop, "Bo")
    owner = browser_as(app, shop)
    press(owner.get(shop.url(f"/redemptions/{first.id}")), "Approve")
    if "location" in query:
        query = {"location": shop.location_id}
    if query == {"q": "Amara"}:
        assert len(exported(owner, owner.get(shop.url(path)).text)) >= 2
    part = owner.get(shop.url(path), query, HTMX).text
    assert "<html" not in part
    lines = exported(owner, part)
    assert len(lines) == part.count('<tr role="row"') - 1


def test_an_empty_list_offers_no_export(app: Flask, shop: Shop) -> None:
    """D5."""
    asked(app, shop, "Amara")
    owner = browser_as(app, shop)
    for path in ("/customers/", "/redemptions/", "/ledger/"):
        assert "export.csv" not in owner.get(shop.url(path), {"q": "nobody at all"}).text


def test_a_deed_in_a_row_brings_the_figures_of_the_navigation(app: Flask, shop: Shop) -> None:
    """D7: the tab said 1 and the navigation 2."""
    one, _ = asked(app, shop, "Amara"), asked(app, shop, "Bo")
    queue = browser_as(app, shop, Role.STAFF).get(shop.url("/redemptions/"))
    assert {words_of(str(each)) for each in queue.html.select("[data-count-of]")} == {"2 waiting"}
    answer = press_with_htmx(queue, f"Approve {one.code}")
    (figure,) = answer.html.select(f"hx-partial[hx-target*='{shop.url('/redemptions/')}']")
    assert words_of(str(figure)) == "1 waiting"


def test_a_list_that_is_asked_for_again_brings_its_figures(app: Flask, shop: Shop) -> None:
    """D7: the queue asks every ten seconds; other lists leave the navigation alone."""
    asked(app, shop, "Amara")
    staff = browser_as(app, shop, Role.STAFF)
    part = staff.get(shop.url("/redemptions/"), headers=HTMX)
    assert "1 waiting" in words_of(part.text)
    assert "hx-partial" not in staff.get(shop.url("/customers/"), headers=HTMX).text


@pytest.mark.browser
def test_export_sort_and_filter_keep_to_each_other(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    """D5: filtered by typing, the export was still that of the whole list."""
    for name in ("Amara", "Bo", "Chloe"):
        enrolled(app, shop, name)
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url("/customers/"))
    export = page.get_by_role("link", name="Export")
    expect(export).to_have_text("Export 3")
    page.get_by_role("columnheader", name="Customer").get_by_role("link").click()
    page.wait_for_url("**sort=name**")
    page.get_by_role("searchbox", name="Name, e-mail").press_sequentially("amar")
    expect(export).to_have_text("Export 1")
    assert "sort=name" in page.url, "typing lost the order"
    with page.expect_download() as download:
        export.click()
    lines = download.value.path().read_text().splitlines()
    assert len(lines) == 2
    assert "Amara" in lines[1]


@pytest.mark.browser
def test_tabs_and_navigation_agree_after_a_deed_in_a_row(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    """D7."""
    redemptions = [asked(app, shop, name) for name in ("Amara", "Bo")]
    page = visit(context, app, live_server, shop.users[Role.MANAGER])
    page.goto(live_server + shop.url("/redemptions/?status=PENDING"))
    figures = page.locator("[data-count-of]")
    assert figures.count() == 3, "sidebar, tab bar and sheet"
    for left, redemption in zip(("1 waiting", ""), redemptions, strict=True):
        page.get_by_role("button", name=f"Approve {redemption.code}").click()
        for number in range(3):
            expect(figures.nth(number)).to_have_text(left)
    expect(figures.first).to_be_hidden()
    expect(page.get_by_role("link", name="Pending")).to_have_text("Pending 0")
