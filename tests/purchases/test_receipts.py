"""Receipts are compared as people read them. Row M6."""

import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.purchases import recording
from nxloy_web.purchases.batch import NewPurchase, record_many
from nxloy_web.purchases.receipts import receipt_key
from tests.factories import NOON, Shop, inside, make_customer, make_shop


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("R-1", "r-1"),
        ("R-1", "R1"),
        ("R-1", " r 1 "),
        ("R-1", "R\u20131"),
        ("R-1", "R\u20111"),
        ("R-1", "\uff32\uff0d\uff11"),
        ("R - 1", "R_1"),
        ("2026-17", "2026 17"),
        ("2026-17", "2026\u00a0\u2013\u00a017"),
        ("STRASSE 5", "stra\u00dfe-5"),
    ],
)
def test_one_receipt_in_two_spellings(one: str, other: str) -> None:
    assert receipt_key(one) == receipt_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("R-1", "R-2"), ("1-11", "11-1"), ("R1", "1R"), ("A/1", "A.1"), ("-", "--")]
)
def test_two_receipts(one: str, other: str) -> None:
    assert receipt_key(one) != receipt_key(other)


def record(app: Flask, shop: Shop, customer_id: str, order_ref: str) -> None:
    with inside(app, shop):
        recording.record(
            id=new_id(),
            customer_id=customer_id,
            amount_minor=1250,
            order_ref=order_ref,
            by=shop.actor(),
            at=NOON,
        )
        db.session.commit()


def test_the_second_spelling_is_refused_and_names_the_first(app: Flask) -> None:
    """Row M6: R-1, then r-1 were both recorded."""
    shop = make_shop(app)
    customer_id = make_customer(app, shop, "Amara")
    record(app, shop, customer_id, "R-1")
    with pytest.raises(recording.OrderTaken, match=r"Receipt R-1 is recorded already: 12\.50 EUR"):
        record(app, shop, customer_id, "r 1")
    record(app, shop, customer_id, "R-2")


def test_a_purchase_in_a_batch_is_found_by_another_spelling(app: Flask) -> None:
    shop = make_shop(app)
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        new = NewPurchase(customer_id, 500, NOON, order_ref="T-1")
        record_many([new], currency="EUR", program_id=None, at=NOON)
        db.session.commit()
    with pytest.raises(recording.OrderTaken):
        record(app, shop, customer_id, "t1")
