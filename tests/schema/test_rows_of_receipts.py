"""What was recorded before gets the spelling in which receipts are compared. Row M6."""

from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxloy_web.purchases.receipts import receipt_key
from tests.schema.conftest import At
from tests.schema.walking import Walk, revision_module


def bought(walk: Walk, id_: str, order_ref: str | None, **more: Any) -> None:
    walk.insert(
        "purchases", business_id="bakery", id=id_, customer_id="ann", amount_minor=100,
        currency="EUR", order_ref=order_ref, occurred_at="2026-01-01", **more,
    )  # fmt: skip


def bakery(at: At) -> Walk:
    walk = at("index_stock_movement_redemption")
    walk.business("bakery")
    person = {"email": "a@b.c", "email_norm": "a@b.c", "member_code": "M"}
    walk.insert("customers", business_id="bakery", id="ann", **person)
    return walk


def test_receipts_get_keys_and_twins_stay(on_both: At) -> None:
    walk = bakery(on_both)
    bought(walk, "1", "R-1")
    bought(walk, "2", "r 1")
    bought(walk, "3", "R1", status="VOIDED", voided_at="2026-01-02")
    bought(walk, "4", None)
    walk.up("add_purchase_receipt_key")
    bought(walk, "5", "R-5")  # of old code
    walk.up("require_purchase_receipt_key")
    keys = {"1": "r1", "2": "r1 2", "3": "r1", "4": None, "5": "r5"}
    assert walk.table("purchases", "receipt_key") == keys
    with pytest.raises(psycopg.errors.UniqueViolation):
        bought(walk, "6", "R 5", receipt_key="r5")
    walk.down("index_stock_movement_redemption")
    refs = {"1": "R-1", "2": "r 1", "3": "R1", "4": None, "5": "R-5"}
    assert walk.table("purchases", "order_ref") == refs
    walk.up("require_purchase_receipt_key")
    assert walk.table("purchases", "receipt_key") == keys


def test_what_old_code_recorded_after_the_fill_is_brought_by_the_next(at: At) -> None:
    walk = bakery(at)
    walk.up("fill_purchase_receipt_key")
    bought(walk, "1", "R-1")
    with pytest.raises(Exception, match="1 row of fill_purchase_receipt_key wait"):
        walk.up("require_purchase_receipt_key")
    walk.again("fill_purchase_receipt_key")
    walk.up("require_purchase_receipt_key")
    assert walk.table("purchases", "receipt_key") == {"1": "r1"}


@given(st.text(st.sampled_from("aR1 2-\u2013_./\uff11\u00a0\t"), max_size=12))
def test_the_migration_and_the_application_spell_alike(number: str) -> None:
    assert revision_module("fill_purchase_receipt_key").key(number) == receipt_key(number)
