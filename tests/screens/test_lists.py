"""What is true of every list: its export is what it shows, and its figures agree."""

from datetime import timedelta
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
from nxloy_web.tables.businesses import Membership
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.segments import CustomerSegment, SegmentKind
from tests.browsing import visit
from tests.customers.people import enrolled
from tests.factories import NOON, Shop, inside, make_reward, make_shop, make_tier, make_user
from tests.ledger.books import give
from tests.pressing import HTMX, browser_as, buttons_of, press, press_with_htmx, words_of
from tests.screens.test_every_page import CUT_OFF


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


DAY = timedelta(days=1)
TOPS_OF_CELLS = """row => [...row.cells].map(cell => cell.getBoundingClientRect())
    .filter(box => box.width).map(box => box.top)"""
IS_ON_TOP = """head => {
    const box = head.getBoundingClientRect();
    return head.contains(document.elementFromPoint(box.left + 20, box.top + box.height / 2));
}"""


def asked(
    app: Flask, shop: Shop, name: str, reward: str = "Cake", **values: Any
) -> RewardRedemption:
    """One more request, of a customer of this name."""
    customer_id, reward_id = (
        enrolled(app, shop, name),
        make_reward(app, shop, reward, **values),
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
    assert {
        words_of(str(each)) for each in queue.html.select("[data-count-of$='/redemptions/']")
    } == {"2 waiting"}
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


@pytest.mark.parametrize(
    ("sort", "shown"),
    [
        ("customer", ["Amara", "Bo", "Chloe"]),
        ("-customer", ["Chloe", "Bo", "Amara"]),
        ("reward", ["Chloe", "Amara", "Bo"]),
        ("-reward", ["Bo", "Amara", "Chloe"]),
        ("points", ["Bo", "Chloe", "Amara"]),
        ("-points", ["Amara", "Chloe", "Bo"]),
        ("requested", ["Bo", "Chloe", "Amara"]),
        ("nonsense", ["Amara", "Chloe", "Bo"]),
    ],
)
def test_the_queue_stands_in_every_order(
    app: Flask, shop: Shop, sort: str, shown: list[str]
) -> None:
    """D9: and so does its export."""
    for name, reward, cost in (("Bo", "Tea", 10), ("Chloe", "Cake", 20), ("Amara", "Pie", 30)):
        asked(app, shop, name, reward=reward, points_cost=cost)
    owner = browser_as(app, shop)
    page = owner.get(shop.url(f"/redemptions/?sort={sort}"))
    assert [each.get_text().split()[0] for each in page.html.select("tbody .who-name")][
        ::2
    ] == shown
    export = page.html.select_one("a[href*='export.csv']")
    lines = owner.get(str(export["href"])).text.splitlines()[1:]
    assert [line.split(",")[1].split()[0] for line in lines] == shown


def test_days_are_among_the_filters_of_the_queue(app: Flask, shop: Shop) -> None:
    """D9."""
    asked(app, shop, "Amara")
    owner = browser_as(app, shop)
    today = clock.now().date()
    for query, shows in (
        ({"since": today - timedelta(days=2)}, True),
        ({"since": today + timedelta(days=2)}, False),
        ({"until": today - timedelta(days=2)}, False),
        ({"until": today + timedelta(days=2)}, True),
    ):
        page = owner.get(shop.url("/redemptions/"), {key: str(day) for key, day in query.items()})
        assert ("Amara" in page.text) is shows, query
        assert len(page.html.select(".filter-pill")) == 1 or not shows


@pytest.mark.parametrize(
    ("sort", "shown"),
    [
        ("name", ["Big", "Old", "Zero"]),
        ("-name", ["Zero", "Old", "Big"]),
        ("customers", ["Zero", "Old", "Big"]),
        ("-customers", ["Big", "Old", "Zero"]),
        ("refreshed", ["Old", "Big", "Zero"]),
        ("nonsense", ["Big", "Old", "Zero"]),
    ],
)
def test_segments_stand_in_every_order(app: Flask, shop: Shop, sort: str, shown: list[str]) -> None:
    """D9."""
    for name, count, at in (("Zero", 0, None), ("Big", 9, NOON), ("Old", 3, NOON - DAY)):
        with inside(app, shop):
            values = {"kind": SegmentKind.MANUAL, "member_count": count, "refreshed_at": at}
            db.session.add(CustomerSegment(id=new_id(), name=name, **values))
            db.session.commit()
    page = browser_as(app, shop).get(shop.url(f"/segments/?sort={sort}"))
    assert [each.get_text() for each in page.html.select(".who-name")] == shown


def test_the_team_stands_in_every_order(app: Flask, shop: Shop) -> None:
    """D9."""
    owner = browser_as(app, shop)

    def roles(sort: str) -> list[str]:
        page = owner.get(shop.url(f"/team/?sort={sort}"))
        table = page.html.select_one("table[aria-label=Team]")
        return [each.get_text() for each in table.select("tbody .badge")]

    assert roles("role") == roles("nonsense")
    assert roles("-role") == roles("role")[::-1]
    assert roles("role")[0] == "Owner"
    for sort in ("name", "since"):
        assert sorted(roles(sort)) == sorted(roles("role"))


@pytest.mark.browser
def test_lists_are_tables_on_a_tablet_and_two_lines_a_row_on_a_phone(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    """D9: at 820 they were cards of a label a line; a phone showed three customers."""
    for number in range(30):
        enrolled(app, shop, f"Customer {number}")
    asked(app, shop, "Amara")
    make_tier(app, shop, "Gold", 1_000)
    page = visit(context, app, live_server, shop.owner_id)
    page.set_viewport_size({"width": 820, "height": 1100})
    program = f"/programs/{shop.program_id}"
    for path in ("/customers/", "/redemptions/", "/ledger/", "/team/", "/audit/", program):
        page.goto(live_server + shop.url(path))
        row = page.locator(".data-table tbody tr").first
        tops = row.evaluate(TOPS_OF_CELLS)
        assert len(set(tops)) == 1, f"{path}: not the cells of one row"
        for width in (721, 1000, 820):
            page.set_viewport_size({"width": width, "height": 1100})
            assert page.evaluate(CUT_OFF) == [], width
    page.goto(live_server + shop.url("/customers/"))
    page.mouse.wheel(0, 700)
    head = page.get_by_role("columnheader", name="Customer")
    expect(head).to_be_in_viewport()
    assert head.evaluate(IS_ON_TOP), "rows cover the head"

    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(live_server + shop.url("/customers/"))
    bar = page.locator(".tab-bar-desk").bounding_box()
    assert bar is not None
    rows = page.locator(".data-table tbody tr").all()
    boxes = [box for row in rows if (box := row.bounding_box())]
    assert sum(box["y"] + box["height"] <= bar["y"] for box in boxes) >= 6
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Joined from").fill("2020-01-01")
    page.get_by_role("button", name="Done").click()
    page.get_by_role("link", name="Take off: Joined from 1 Jan 2020").click()
    expect(page.locator(".filter-pill")).to_have_count(0)


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
    figures = page.locator("[data-count-of$='/redemptions/']")
    assert figures.count() == 3, "sidebar, tab bar and sheet"
    for left, redemption in zip(("1 waiting", ""), redemptions, strict=True):
        page.get_by_role("button", name=f"Approve {redemption.code}").click()
        for number in range(3):
            expect(figures.nth(number)).to_have_text(left)
    expect(figures.first).to_be_hidden()
    expect(page.get_by_role("link", name="Pending")).to_have_text("Pending 0")


@pytest.mark.parametrize(
    ("path", "query", "name"),
    [
        ("/customers/", "q=Amara&sort=-points", "Amara"),
        ("/redemptions/", "status=PENDING&q=Amara", "Amara"),
        ("/rewards/", "sort=-points&q=Cake", "Cake"),
        ("/segments/", "q=Regulars&sort=customers", "Regulars"),
    ],
)
def test_the_way_back_leads_to_the_list_as_it_was_filtered(
    app: Flask, shop: Shop, path: str, query: str, name: str
) -> None:
    """D13: without a script, and whatever was done on the page in between."""
    asked(app, shop, "Amara")
    with inside(app, shop):
        db.session.add(CustomerSegment(id=new_id(), name="Regulars", kind=SegmentKind.MANUAL))
        db.session.commit()
    address = shop.url(f"{path}?{query}")
    listed = browser_as(app, shop).get(address)
    row = listed.html.select_one("tbody .row-main a.who-name")
    assert name in row.get_text()
    assert listed.goto(str(row["href"])).html.select_one(".back-link")["href"] == address


def test_a_way_back_stays_on_its_list(app: Flask, shop: Shop) -> None:
    """D13: what somebody writes into the address leads nowhere else."""
    customer = enrolled(app, shop, "Amara")
    owner = browser_as(app, shop)
    for said in ("//evil.example", "https://evil.example/?q=1", "/x?y#z", "q=a b&q=c", "%00"):
        page = owner.get(shop.url(f"/customers/{customer}"), {"back": said})
        href = str(page.html.select_one(".back-link")["href"])
        assert href.partition("?")[0] == shop.url("/customers/"), said


def test_the_only_owner_is_not_offered_to_be_removed(app: Flask, shop: Shop) -> None:
    """D13."""
    owner = browser_as(app, shop)

    def removable() -> list[str]:
        return [each for each in buttons_of(owner.get(shop.url("/team/"))) if "Remove" in each]

    others = len(shop.users) - 1
    assert len(removable()) == others
    with inside(app, shop):
        db.session.add(Membership(id=new_id(), user_id=make_user(app, "Second"), role=Role.OWNER))
        db.session.commit()
    assert len(removable()) == others + 2


@pytest.mark.browser
def test_arrow_keys_walk_a_menu(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    """D13: a menu opens, is walked round and is left by keys alone."""
    page = visit(context, app, live_server, shop.owner_id)
    page.goto(live_server + shop.url("/customers/"))
    opener = page.get_by_role("button", name="More").first
    opener.focus()
    items = page.locator("#customers-menu a")
    for key, item in (
        ("ArrowDown", items.first),
        ("ArrowDown", items.last),
        ("ArrowDown", items.first),
        ("ArrowUp", items.last),
        ("Home", items.first),
        ("End", items.last),
    ):
        page.keyboard.press(key)
        expect(item).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    expect(items.first).to_be_hidden()


@pytest.mark.browser
def test_one_long_word_widens_no_page(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    """D13: eighty letters made a phone's page 210 px too wide."""
    word = "W" * 80
    redemption = asked(app, shop, word, reward=word)
    with inside(app, shop):
        db.session.add(CustomerSegment(id=new_id(), name=word, kind=SegmentKind.MANUAL))
        db.session.commit()
    page = visit(context, app, live_server, shop.owner_id)
    page.set_viewport_size({"width": 390, "height": 844})
    customer = redemption.customer_id
    for path in (
        "/", "/customers/", f"/customers/{customer}", f"/customers/{customer}/edit",
        f"/counter/{customer}", "/redemptions/", f"/redemptions/{redemption.id}", "/rewards/",
        f"/rewards/{redemption.reward_id}", "/segments/", "/ledger/", "/audit/",
    ):  # fmt: skip
        page.goto(live_server + shop.url(path))
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390, f"{path}: {width}"
        cut = page.evaluate(CUT_OFF)
        assert cut == [], path
