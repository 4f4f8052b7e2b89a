"""The ledger's page: who sees it, what its filters show, and that the export equals the list."""

import csv
import io
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.paging import PAGE
from nxloy_web.entries import queries
from nxloy_web.ledger import service
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.tables.customers import CustomerNameWord
from nxloy_web.tables.points import PointTransaction
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_shop
from tests.ledger.books import DAY, give, spend
from tests.pressing import words_of


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    """Two customers: Amara buys, spends and is corrected by hand, and Bo's name is a formula."""
    shop = make_shop(app)
    amara = make_customer(app, shop, "Amara")
    bo = make_customer(app, shop, "=Bo")
    with inside(app, shop):
        for customer_id, word in ((amara, "amara"), (bo, "bo")):
            db.session.add(
                CustomerNameWord(business_id=shop.business_id, customer_id=customer_id, word=word)
            )
        recording.record(
            id=new_id(), customer_id=amara, amount_minor=4250, by=shop.actor(Role.STAFF), at=NOON
        )
        service.adjust(
            amara,
            shop.program_id,
            -2,
            id=new_id(),
            reason="+1 too many",
            by=shop.actor(),
            at=NOON + DAY,
        )
        db.session.commit()
    spend(app, shop, amara, 10, at=NOON + 2 * DAY)
    # Half past eleven at night in UTC is the next day in Berlin.
    give(app, shop, bo, 7, at=datetime(2026, 6, 20, 23, 30, tzinfo=UTC))
    return shop


def shown(app: Flask, shop: Shop, query: str = "", role: Role = Role.ANALYST) -> str:
    answer = as_role(app, shop, role).get(shop.url(f"/ledger/{query}"))
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def exported(app: Flask, shop: Shop, query: str = "") -> list[list[str]]:
    answer = as_role(app, shop).get(shop.url(f"/ledger/export.csv{query}"))
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))[1:]


def test_every_entry_says_why(app: Flask, shop: Shop) -> None:
    html = shown(app, shop)
    assert "42.50 EUR / 1.00 EUR = 42" in html
    assert "One point a euro" in html
    assert "+1 too many" in html
    assert f"By Staff of {shop.slug}" in words_of(html)
    assert "4 entries" in html


def test_who_sees_it(app: Flask, shop: Shop) -> None:
    for role in Role:
        shown(app, shop, role=role)
    stranger = as_role(app, make_shop(app))
    assert stranger.get(shop.url("/ledger/")).status_code == 404
    assert stranger.get(shop.url("/ledger/export.csv")).status_code == 404
    assert "export.csv" not in shown(app, shop, role=Role.STAFF)
    staff = as_role(app, shop, Role.STAFF)
    assert staff.get(shop.url("/ledger/export.csv")).status_code == 403


@pytest.mark.parametrize(
    ("query", "points"),
    [
        ("", ["7", "-10", "-2", "42"]),
        ("?type=ADJUSTED", ["-2"]),
        ("?type=nonsense&since=never", ["7", "-10", "-2", "42"]),
        ("?q=ama", ["-10", "-2", "42"]),
        ("?q=nobody", []),
        ("?since=2026-06-16&until=2026-06-17", ["-10", "-2"]),
        ("?until=2026-06-20", ["-10", "-2", "42"]),
        ("?since=2026-06-21", ["7"]),
        ("?program=unknown", []),
        ("?type=EARNED&q=ama", ["42"]),
    ],
)
def test_an_export_is_the_list_as_it_is_filtered(
    app: Flask, shop: Shop, query: str, points: list[str]
) -> None:
    rows = exported(app, shop, query)
    assert [row[4] for row in rows] == points
    html = shown(app, shop, query)
    assert html.count('id="entry-') == len(points)
    assert all(f'id="entry-{row[8]}"' in html for row in rows)


def test_a_cell_that_a_sheet_would_run_is_made_text(app: Flask, shop: Shop) -> None:
    rows = exported(app, shop)
    assert rows[0][1] == "'=Bo"
    assert rows[2][4] == "-2"  # a number stays a number
    assert rows[0][0] == "2026-06-21T01:30:00+02:00"


def test_a_part_is_only_the_results(app: Flask, shop: Shop) -> None:
    part = as_role(app, shop).get(shop.url("/ledger/?type=EARNED"), headers={"HX-Request": "true"})
    html = part.get_data(as_text=True)
    assert html.lstrip().startswith('<div id="results">')
    assert "<html" not in html


def test_an_empty_ledger_says_what_to_do(app: Flask) -> None:
    empty = make_shop(app)
    assert "No points have moved yet" in shown(app, empty)
    assert "No entry matches" in shown(app, empty, "?type=EARNED")


def test_pages_show_every_entry_once(app: Flask) -> None:
    shop = make_shop(app)
    customer = make_customer(app, shop)
    for n in range(2 * PAGE + 3):
        give(app, shop, customer, n + 1, at=NOON)
    with inside(app, shop):
        ids = list(
            db.session.scalars(db.select(PointTransaction.id).order_by(PointTransaction.seq))
        )
    seen: list[str] = []
    query = ""
    for _ in range(3):
        html = shown(app, shop, query)
        seen += [part.split('"')[0] for part in html.split('id="entry-')[1:]]
        after = [part.split('"')[0] for part in html.split("after=")[1:]]
        query = f"?after={after[0]}" if after else ""
    assert seen == ids[::-1]
    assert not query


def test_only_one_customer(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        bo = db.session.scalars(db.select(queries.Customer).filter_by(first_name="=Bo")).one().id
    html = shown(app, shop, f"?customer={bo}")
    assert "Only entries of =Bo" in html
    assert html.count('id="entry-') == 1
    missing = as_role(app, shop).get(shop.url("/ledger/?customer=unknown"))
    assert missing.status_code == 404


@pytest.mark.browser
def test_in_the_browser_the_list_filters_while_typing(
    app: Flask, shop: Shop, live_server: str, page: Page
) -> None:
    client: Any = as_role(app, shop)
    cookie = client.get_cookie("nxloy")
    page.context.add_cookies([{"name": "nxloy", "value": cookie.value, "url": live_server}])
    page.goto(live_server + shop.url("/ledger/"))
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(4)
    page.get_by_placeholder("Customer's name").fill("ama")
    expect(rows).to_have_count(3)
    page.get_by_label("Type").select_option("EARNED")
    expect(rows).to_have_count(1)
    rows.locator("summary").click()
    expect(rows.get_by_text("42.50 EUR / 1.00 EUR = 42")).to_be_visible()
    expect(page).to_have_url(re.compile("type=EARNED"))
