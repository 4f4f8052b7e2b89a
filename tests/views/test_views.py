"""Filtered lists under a name: tabs with counts, each person's own. Row D9."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import FormUsed
from nxloy_web.permissions import Role
from nxloy_web.tables.views import ListName, SavedView
from nxloy_web.views import addresses, service
from tests.customers.people import enrolled
from tests.factories import Shop, inside, make_shop
from tests.pressing import (
    HTMX,
    Browser,
    Page,
    browser_as,
    buttons_of,
    hostile_post,
    press,
    words_of,
)
from tests.redemptions.test_queue import asked


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.STAFF)


def save(app: Flask, shop: Shop, name: str, query: str, **how: Any) -> None:
    how = {"id": new_id(), "by": shop.actor()} | how
    of_list = how.pop("of_list", ListName.CUSTOMERS)
    with inside(app, shop):
        service.save(how["id"], service.ViewFacts(of_list, name, query), by=how["by"])
        db.session.commit()


def tabs_of(page: Page) -> list[str]:
    return [" ".join(one.get_text(" ").split()) for one in page.html.select("#views a")]


def current(page: Page) -> list[str]:
    return [one.get_text(" ").split()[0] for one in page.html.select("#views a[aria-current]")]


def kept(app: Flask, shop: Shop) -> int:
    with inside(app, shop):
        return db.session.scalar(select(func.count()).select_from(SavedView)) or 0


@pytest.mark.parametrize(
    ("query", "same"),
    [
        ("?status=BLOCKED&q=ann", "q=ann&status=BLOCKED"),
        ("q=+ann+&tag=&after=x&before=y&page=3", "q=ann"),
        ("q=ann&q=ben", "q=ann"),
        ("after=x", ""),
        ("q=%C3%A4%26", "q=%C3%A4%26"),
    ],
)
def test_the_same_filters_are_the_same_view(query: str, same: str) -> None:
    assert addresses.written(query) == same
    assert addresses.written(same) == same


def test_a_view_of_customers_is_kept_counted_and_deleted(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    """D9: without JavaScript."""
    for name in ("Ann", "Anna", "Ben"):
        enrolled(app, shop, name)
    there = shop.url("/customers/")
    plain = staff.get(there)
    assert tabs_of(plain) == []
    assert "Save view" not in words_of(plain.text)
    form = staff.get(f"{there}?sort=name&q=ann").click("Save view")
    refused = press(form, "Save view")
    assert (refused.status_code, "Give it a name" in refused.text) == (422, True)
    done = press(refused, "Save view", name="Anns")
    assert done.request.path_qs.endswith("/customers/?q=ann&sort=name")
    assert tabs_of(done) == ["All", "Anns 2"]
    assert current(done) == ["Anns"]
    assert tabs_of(staff.get(f"{there}?q=ben", headers=HTMX)) == ["All", "Anns 2"]
    assert current(staff.get(f"{there}?q=ben")) == []
    assert current(staff.get(there)) == ["All"]
    enrolled(app, shop, "Annika")
    again = staff.get(f"{there}?q=ann&sort=name&after=")
    assert tabs_of(again) == ["All", "Anns 3"]
    assert "Save view" not in words_of(again.text)
    for _press in range(2):
        press(again, "Delete view Anns")
    assert tabs_of(staff.get(there)) == []
    assert kept(app, shop) == 0


def test_a_view_of_redemptions_stands_beside_the_states(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    """D9."""
    asked(app, shop, "Ann", "Cake")
    asked(app, shop, "Ben", "Tea")
    there = shop.url("/redemptions/")
    form = staff.get(f"{there}?q=cake&status=PENDING").click("Save view")
    done = press(form, "Save view", name="Cakes")
    assert done.request.path_qs.endswith("/redemptions/?q=cake&status=PENDING")
    assert tabs_of(done)[-1] == "Cakes 1"
    assert current(done) == ["Cakes"]
    assert current(staff.get(f"{there}?status=PENDING")) == ["Pending"]
    assert tabs_of(staff.get(f"{there}?status=PENDING", headers=HTMX))[-1] == "Cakes 1"


def test_nobody_sees_or_deletes_the_views_of_others(app: Flask, shop: Shop, staff: Browser) -> None:
    view_id = new_id()
    save(app, shop, "Mine", "q=ann", id=view_id)
    assert tabs_of(staff.get(shop.url("/customers/"))) == []
    for browser, of in ((staff, shop), (browser_as(app, make_shop(app)), None)):
        where = (of or shop).url(f"/views/{view_id}/deletion")
        hostile_post(browser, "a stranger", where)
    assert kept(app, shop) == 1
    other = make_shop(app)
    assert kept(app, other) == 0


def test_pressed_twice_it_is_one_and_a_name_is_given_once(app: Flask, shop: Shop) -> None:
    for _press in range(2):
        save(app, shop, "Mine", "q=ann", id="one")
    with pytest.raises(FormUsed):
        save(app, shop, "Other", "q=ann", id="one")
    with pytest.raises(service.ViewNameTaken):
        save(app, shop, "Mine", "q=ben")
    save(app, shop, "Mine", "q=ben", of_list=ListName.REDEMPTIONS)
    save(app, shop, "Mine", "q=ben", by=shop.actor(Role.STAFF))
    assert kept(app, shop) == 3


def test_there_is_an_end_to_views_and_nothing_is_no_view(app: Flask, shop: Shop) -> None:
    for number in range(service.MOST_VIEWS):
        save(app, shop, f"View {number}", f"q={number}", id=f"v{number}")
    with pytest.raises(service.TooManyViews):
        save(app, shop, "One more", "q=x")
    save(app, shop, "View 0", "q=0", id="v0")  # pressed twice
    with pytest.raises(service.NothingToKeep):
        save(app, shop, "Nothing", "after=x", by=shop.actor(Role.STAFF))


@pytest.mark.parametrize("path", ["/customers/", "/redemptions/"])
def test_more_views_are_no_more_statements(
    app: Flask, shop: Shop, statements: Any, path: str
) -> None:
    owner = browser_as(app, shop)
    of_list = ListName.CUSTOMERS if path == "/customers/" else ListName.REDEMPTIONS
    query = "status=BLOCKED&sort=name" if path == "/customers/" else "status=PENDING"
    save(app, shop, "First", f"{query}&since=2026-01-01", of_list=of_list)
    with statements() as one:
        owner.get(shop.url(path))
    for number in range(5):
        save(app, shop, f"V{number}", f"{query}&until=2026-01-0{number + 1}", of_list=of_list)
    with statements() as many:
        page = owner.get(shop.url(path))
    assert len(tabs_of(page)) >= 7
    assert len(many) == len(one)


def test_what_makes_no_sense_filters_nothing(app: Flask, shop: Shop) -> None:
    """An old view may name a tier that is gone, or what no list understands."""
    save(app, shop, "Odd", "tier=%00&segment=x&joined_since=never&sort=%F0%9F%8D%B0")
    page = browser_as(app, shop).get(shop.url("/customers/"))
    assert tabs_of(page) == ["All", "Odd 0"]
    assert "Delete view Odd" not in buttons_of(page)
