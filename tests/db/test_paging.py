"""Pages of lists: no row is left out or shown twice, whatever is in the columns of the order."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select, select

from nxloy_web.db import db, paging
from nxloy_web.db.paging import NEVER, Order, Stretch, Stretches
from nxloy_web.db.rows import find
from nxloy_web.db.session import history
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportLine
from tests.factories import NOON, Shop, inside, make_customer, make_shop

LATER = NOON + timedelta(microseconds=1)
ID = "c" + "0" * 24


def both_ways(*columns: Any, **more: Any) -> list[Order]:
    return [Order(*columns, descending=descending, **more) for descending in (False, True)]


ORDERS = {
    "name": both_ways(Customer.name_norm, Customer.id),
    "joined": both_ways(Customer.created_at, Customer.id),
    "spent": both_ways(Customer.spent_minor, Customer.id),
    "last": both_ways(Customer.last_purchase_at, Customer.id, never_lowest=True),
    "id": both_ways(Customer.id),
    "three": both_ways(Customer.spent_minor, Customer.created_at, Customer.id),
}
EVERY_ORDER = [
    pytest.param(order, id=f"{name}-{way}")
    for name, orders in ORDERS.items()
    for way, order in zip(("up", "down"), orders, strict=True)
]
PEOPLE: Select[Customer] = select(Customer)


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    """With customers who are alike in all that a list is ordered by, and some who never bought."""
    shop = make_shop(app)
    for name, spent, last in product(("ann", "a~b~c"), (0, 2**62), (None, NOON, LATER)):
        for joined in (NOON, LATER):
            values = {"name_norm": name, "spent_minor": spent, "last_purchase_at": last}
            make_customer(app, shop, created_at=joined, **values)
    return shop


@pytest.fixture
def scope(app: Flask, shop: Shop) -> Iterator[None]:
    with inside(app, shop):
        yield


def ids(page: paging.Page[Any]) -> list[str]:
    return [row[0].id for row in page.rows]


def in_python(order: Order) -> list[str]:
    """Every customer in this order, as Python sorts them."""

    def key(customer: Customer) -> list[Any]:
        values = [getattr(customer, column.key) for column in order._columns]
        return [(value is not None, value) if value is not None else (False,) for value in values]

    everybody = sorted(db.session.scalars(PEOPLE), key=key, reverse=order._descending)
    return [customer.id for customer in everybody]


@pytest.mark.parametrize("size", [1, 5, 8, 23, 24, 25])
@pytest.mark.parametrize("order", EVERY_ORDER)
def test_walking_on_and_back_shows_every_row_once(scope: None, order: Order, size: int) -> None:
    pages = [order.page(PEOPLE, size=size)]
    assert pages[0].is_first
    assert pages[0].before == ""
    while pages[-1].after:
        pages.append(order.page(PEOPLE, after=pages[-1].after, size=size))
        assert not pages[-1].is_first
    assert [each for page in pages for each in ids(page)] == in_python(order)
    assert {len(page.rows) for page in pages[:-1]} <= {size}
    for page, next_page in zip(pages[-2::-1], pages[::-1], strict=False):
        again = order.page(PEOPLE, before=next_page.before, size=size)
        assert ids(again) == ids(page)
        assert (again.is_first, again.before, again.after) == (
            page.is_first,
            page.before,
            page.after,
        )


@pytest.mark.parametrize("size", [5, 8, 24, 100])
@pytest.mark.parametrize("order", EVERY_ORDER)
def test_batches_are_the_whole_list(scope: None, order: Order, size: int) -> None:
    everybody = in_python(order)
    assert [row[0].id for rows in order.batches(PEOPLE, size) for row in rows] == everybody


def test_a_page_behind_the_last_row_is_empty_and_not_the_first(scope: None) -> None:
    order = ORDERS["spent"][0]
    page = order.page(PEOPLE, after=f"{2**63 - 1}~{ID}")
    assert (page.rows, page.is_first, page.before, page.after) == ([], False, "", "")


def test_an_empty_list_has_one_page(scope: None) -> None:
    page = ORDERS["name"][0].page(PEOPLE.where(Customer.id == "nobody"))
    assert (page.rows, page.is_first, page.before, page.after) == ([], True, "", "")


def test_rows_that_come_meanwhile_move_nothing(app: Flask) -> None:
    shop = make_shop(app)
    old = [make_customer(app, shop, created_at=NOON + timedelta(days=n)) for n in range(4)]
    newest_first = ORDERS["joined"][1]
    with inside(app, shop):
        first = newest_first.page(PEOPLE, size=2)
    newer = make_customer(app, shop, created_at=NOON + timedelta(days=9))
    between = make_customer(app, shop, created_at=NOON + timedelta(hours=12))
    with inside(app, shop):
        second = newest_first.page(PEOPLE, after=first.after, size=2)
        back = newest_first.page(PEOPLE, before=second.before, size=5)
        assert ids(first) == [old[3], old[2]]
        assert ids(second) == [old[1], between]
        assert ids(back) == [newer, old[3], old[2]]
        assert back.is_first


@pytest.mark.parametrize(
    ("name", "broken"),
    [
        *(
            ("joined", text)
            for text in ("~", "x~y", f"x~{ID}", f"2026-01-01~{ID}", f"{NEVER}~{ID}")
        ),
        *(("joined", text) for text in (ID, "infinity~c", "2026-01-01T00:00:00+00:00", f"~{ID}")),
        *(("joined", f"2026-01-01T00:00:00+00:00~{end}") for end in ("", ID[:-1], ID + "0", "a~b")),
        *(("spent", f"{number}~{ID}") for number in ("", "-1", "1.5", "9e99", "1_000", "²", "٣")),
        *(("last", text) for text in (f"infinity~{ID}", f"~{ID}")),
        *(("id", text) for text in ("c", ID + "~", f"~{ID}", "1")),
        *(("three", text) for text in (f"1~{ID}", f"1~1~{ID}", f"x~{NOON.isoformat()}~{ID}")),
    ],
)
def test_what_is_no_cursor_shows_the_first_page(scope: None, name: str, broken: str) -> None:
    for order in ORDERS[name]:
        first = order.page(PEOPLE, size=5)
        assert order.page(PEOPLE, after=broken, size=5) == first
        assert order.page(PEOPLE, before=broken, size=5) == first


@pytest.mark.parametrize("number", [2**63, 2**64, 10**19, 10**400])
def test_a_number_beyond_64_bits_is_behind_all_rows(scope: None, number: int) -> None:
    """X7"""
    assert ids(ORDERS["spent"][0].page(PEOPLE, after=f"{number}~{ID}")) == []
    assert len(ids(ORDERS["spent"][1].page(PEOPLE, after=f"{number}~{ID}"))) == 24


@pytest.mark.parametrize("number", [2**31, 2**63, 10**400])
def test_a_number_beyond_a_small_column_is_behind_all_rows(scope: None, number: int) -> None:
    """X7"""
    assert Order(ImportLine.line).page(select(ImportLine), after=str(number)).rows == []


@pytest.mark.parametrize("zone", ["+00:00", "-15:00", "+23:59"])
@pytest.mark.parametrize("name", ["last", "joined"])
def test_instants_of_every_zone_are_cursors(scope: None, name: str, zone: str) -> None:
    """X7"""
    bought = 16 if name == "last" else 24
    up, down = ORDERS[name]
    early, late = f"0001-01-03T00:00:00{zone}~{ID}", f"9999-12-30T00:00:00{zone}~{ID}"
    assert len(up.page(PEOPLE, after=early).rows) == bought
    assert len(down.page(PEOPLE, after=early).rows) == 24 - bought
    assert len(up.page(PEOPLE, after=late).rows) == 0
    assert len(down.page(PEOPLE, after=late).rows) == 24


@pytest.mark.parametrize("name", ["last", "joined"])
def test_an_instant_beyond_the_calendar_is_no_cursor(scope: None, name: str) -> None:
    for order, instant in product(
        ORDERS[name], ("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59")
    ):
        assert order.page(PEOPLE, after=f"{instant}~{ID}").is_first


def test_the_cursor_of_a_row_of_columns_is_that_of_its_entity(scope: None) -> None:
    for order in ORDERS["last"]:
        columns = select(Customer.id, Customer.last_purchase_at)
        assert order.page(columns, size=5).after == order.page(PEOPLE, size=5).after


def test_a_count_of_deleted_rows_counts_them(app: Flask) -> None:
    """ "1–2 of 0" stood below the deleted rewards."""
    shop = make_shop(app)
    living, *deleted = [make_customer(app, shop) for _ in range(3)]
    with inside(app, shop):
        for customer_id in deleted:
            db.session.delete(find(Customer, customer_id))
        db.session.commit()
        gone = select(Customer.id).where(Customer.deleted_at.is_not(None))
        assert paging.count(history(gone)) == 2
        assert paging.count(select(Customer.id)) == 1
        everybody = PEOPLE.where(Customer.id.in_([living, *deleted]))
        assert len(ORDERS["name"][0].page(history(everybody)).rows) == 3


def test_numbered_pages(scope: None) -> None:
    ordered = PEOPLE.order_by(Customer.id)
    shown = [
        (len(page.rows), page.first, page.last, page.is_last)
        for page in (
            paging.numbered_page(ordered, number, total=24, size=10) for number in (1, 2, 3, 4)
        )
    ]
    assert shown == [(10, 1, 10, False), (10, 11, 20, False), (4, 21, 24, True), (0, 31, 30, True)]
    assert paging.numbered_page(ordered, 1, total=24, size=24).is_last


@pytest.mark.parametrize(("most", "said"), [(23, 24), (24, 24), (25, 24), (5, 6)])
def test_counts_stop_one_behind_what_is_said(scope: None, most: int, said: int) -> None:
    ids = select(Customer.id)
    assert paging.count(ids, most) == said
    assert db.session.scalar(select(paging.counted(ids, most))) == said


BUYERS = Stretch(
    "bought",
    Order(Customer.spent_minor, Customer.id, descending=True),
    PEOPLE.where(Customer.last_purchase_at.is_not(None)),
)
NOBODY = Stretch("nobody", Order(Customer.id), PEOPLE.where(Customer.name_norm == "nobody"))
OTHERS = Stretch(
    "never",
    Order(Customer.created_at, Customer.id),
    PEOPLE.where(Customer.last_purchase_at.is_(None)),
)


@pytest.mark.parametrize("size", [1, 5, 8, 16, 23, 24, 25])
def test_a_list_of_stretches_is_walked_on_and_back_as_one(scope: None, size: int) -> None:
    """D9: customers by points come from two places."""
    people = Stretches(BUYERS, NOBODY, OTHERS)
    wanted = [
        row[0].id
        for stretch in (BUYERS, OTHERS)
        for row in stretch.order.page(stretch.statement, size=100).rows
    ]
    assert [row[0].id for batch in people.batches(size) for row in batch] == wanted
    pages = [people.page(size=size)]
    while pages[-1].after:
        pages.append(people.page(after=pages[-1].after, size=size))
    assert [each for page in pages for each in ids(page)] == wanted
    assert [page.is_first for page in pages] == [True] + [False] * (len(pages) - 1)
    for page, next_page in zip(pages[-2::-1], pages[::-1], strict=False):
        again = people.page(before=next_page.before, size=size)
        assert ids(again) == ids(page)
        assert (again.is_first, again.before, again.after) == (
            page.is_first,
            page.before,
            page.after,
        )


@pytest.mark.parametrize("cursor", ["x", "bought", "bought~1", "nobody~9~c1", "never~now~c1", "~~"])
def test_a_cursor_of_no_stretch_shows_the_first_page(scope: None, cursor: str) -> None:
    people = Stretches(BUYERS, NOBODY, OTHERS)
    first = people.page(size=5)
    for said in ({"after": cursor}, {"before": cursor}):
        page = people.page(**said, size=5)
        assert (ids(page), page.is_first, page.before) == (ids(first), True, "")
