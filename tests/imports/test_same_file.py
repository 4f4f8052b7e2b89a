"""I5: what came in before is known, whatever its columns were taken for this time."""

from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.purchases import voiding as purchases
from nxloy_web.tables.imports import ImportRun
from nxloy_web.tables.purchases import Purchase
from tests.factories import Shop, as_role, inside, make_customer, make_shop
from tests.imports import steps

TRIALS = Path(__file__).parent / "trials"
RECEIPTS = (TRIALS / "receipts_without_order_number.csv").read_bytes()
COLUMNS = {
    "column_order_number": "Receipt No",
    "column_date": "Bought at",
    "column_amount": "Total (USD)",
    "dates": "ymd",
    "decimals": ".",
}
UNMATCHED = COLUMNS | {"column_order_number": ""}


@pytest.fixture
def shop(app: Flask) -> Shop:
    shop = make_shop(app, currency="USD")
    for name in ("ada", "bo"):
        make_customer(app, shop, name, email_norm=f"{name}@example.org", external_id=name)
    for name in ("ada", "kim"):
        make_customer(app, shop, name, email_norm=f"{name}@example.com")
    return shop


def bought(app: Flask, shop: Shop, content: bytes, **changes: str) -> ImportRun:
    return steps.bring_in(app, as_role(app, shop), shop, content, "PURCHASES", **changes)


@pytest.mark.parametrize("first", [COLUMNS, UNMATCHED])
@pytest.mark.parametrize("then", [COLUMNS, UNMATCHED])
def test_the_same_receipts_are_known_with_and_without_their_numbers(
    app: Flask, shop: Shop, first: dict[str, str], then: dict[str, str]
) -> None:
    assert steps.counts(bought(app, shop, RECEIPTS, **first)) == (3, 0, 0)
    assert steps.counts(bought(app, shop, RECEIPTS, **then)) == (0, 3, 0)
    # Not the same file by its hash: written anew, with another column in front.
    again = b"\n".join(b"x;" + line for line in RECEIPTS.strip().split(b"\n")) + b"\n"
    assert steps.counts(bought(app, shop, again, **then)) == (0, 3, 0)


def test_who_bought_may_be_said_in_another_way(app: Flask, shop: Shop) -> None:
    by_mail = b"email,date,total\nada@example.org,2026-03-01,5.00\n"
    by_number = b"customer id,date,total,items\nada,2026-03-01,5.00,2\n"
    assert steps.counts(bought(app, shop, by_mail)) == (1, 0, 0)
    assert steps.counts(bought(app, shop, by_number)) == (0, 1, 0)


def test_a_file_that_overlaps_another_brings_the_rest(app: Flask, shop: Shop) -> None:
    a, b = ((TRIALS / f"two_files_overlap_{each}.csv").read_bytes() for each in "ab")
    assert steps.counts(bought(app, shop, a)) == (3, 0, 0)
    assert steps.counts(bought(app, shop, b)) == (1, 2, 0)


def test_the_same_file_is_known_although_its_dates_are_read_in_another_order(
    app: Flask, shop: Shop
) -> None:
    content = b"email,date,total\nada@example.org,03/04/2026,5.00\n"
    assert steps.counts(bought(app, shop, content, dates="dmy")) == (1, 0, 0)
    assert steps.counts(bought(app, shop, content, dates="mdy")) == (0, 1, 0)


def test_two_receipts_of_the_same_values_are_two_purchases(app: Flask, shop: Shop) -> None:
    header = b"receipt,email,date,total\n"
    one, two = (b"%d,ada@example.org,2026-03-01,5.00\n" % number for number in (1, 2))
    assert steps.counts(bought(app, shop, header + one)) == (1, 0, 0)
    assert steps.counts(bought(app, shop, header + two)) == (1, 0, 0)


def test_after_an_undo_keys_are_free_and_none_is_taken_twice(app: Flask, shop: Shop) -> None:
    line = b"ada@example.org,2026-03-01,5.00\n"
    header = b"email,date,total\n"
    client = as_role(app, shop)
    first = bought(app, shop, header + line * 2)
    bought(app, shop, header + line * 3)
    steps.undo(app, client, shop, first.id)
    assert steps.counts(bought(app, shop, header + line * 3 + b"\n")) == (2, 1, 0)
    with inside(app, shop):
        living = select(func.count()).where(Purchase.undone_at.is_(None))
        assert db.session.scalar(living) == 3


def test_what_was_voided_by_hand_does_not_come_back(app: Flask, shop: Shop) -> None:
    content = b"email,date,total\nada@example.org,2026-03-01,5.00\n"
    bought(app, shop, content)
    with inside(app, shop):
        (purchase_id,) = db.session.scalars(select(Purchase.id)).all()
        purchases.void(purchase_id, reason="mistake", by=shop.actor(), at=clock.now())
        db.session.commit()
    assert steps.counts(bought(app, shop, content + b"\n")) == (0, 1, 0)


def test_customers_of_the_same_file_are_not_made_twice(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    people = b"mail,telephone\nann@example.com,+49 30 901820\n"
    run = steps.bring_in(app, client, shop, people, column_phone="")
    assert steps.counts(run) == (1, 0, 0)
    again = steps.check(app, client, shop, steps.upload(client, shop, people), column_email="")
    assert steps.counts(again) == (0, 1, 0)
