"""The launch, and the lists of allowed values that grow after it. Their way back is refused while a
row needs the longer list, and leaves no rule in force that would stop the application."""

import psycopg
import pytest

from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.test_rows_of_points import balance, customer, program
from tests.schema.walking import Walk


def test_the_launched_programs_are_at_work_and_later_ones_begin_as_drafts(at: At) -> None:
    walk = at("add_loyalty_system")
    walk.business("bakery")
    launched = {"name": "Points", "type": "POINTS", "currency": "EUR"}
    walk.insert("loyalty_programs", business_id="bakery", id="launched", **launched)
    walk.up("add_loyalty_programs")
    later = launched | {"name": "Stamps", "type": "STAMPS"}
    walk.insert("loyalty_programs", business_id="bakery", id="later", **later)
    columns = ("status", "points_name", "settings", "description")
    assert walk.table("loyalty_programs", *columns) == {
        "launched": ("ACTIVE", "Points", {}, None),
        "later": ("DRAFT", "Points", {}, None),
    }
    with pytest.raises(psycopg.errors.CheckViolation):
        walk.run("UPDATE loyalty_programs SET status = 'SLEEPING'")
    with pytest.raises(Refused, match="would lose what is in loyalty_programs"):
        walk.down("add_loyalty_system")  # the second would begin to work
    walk.run("DELETE FROM loyalty_programs WHERE id = 'later'")
    walk.down("add_loyalty_system")
    walk.up("add_loyalty_programs")
    assert walk.table("loyalty_programs", *columns) == {"launched": ("ACTIVE", "Points", {}, None)}


def test_a_fourth_type_of_program(at: At) -> None:
    walk = at("add_loyalty_programs")
    walk.business("bakery")
    program(walk, "bakery", "launched")
    subscribe = "UPDATE loyalty_programs SET type = 'SUBSCRIPTION' WHERE id = 'launched'"
    with pytest.raises(psycopg.errors.CheckViolation):
        walk.run(subscribe)
    walk.up("add_subscription_program_type")
    walk.run(subscribe)
    with pytest.raises(Refused, match="Rows of loyalty_programs break the rule"):
        walk.down("add_loyalty_programs")
    program(walk, "bakery", "another", type="SUBSCRIPTION")
    walk.run("UPDATE loyalty_programs SET type = 'TIERED'")
    walk.down("add_loyalty_programs")
    assert set(walk.table("loyalty_programs", "type").values()) == {"TIERED"}
    walk.up("add_subscription_program_type")


def test_entries_of_later_types_and_the_ledger_that_is_never_changed(at: At) -> None:
    walk = at("customer_segment_relationship")
    walk.business("bakery")
    program(walk, "bakery", "points")
    customer(walk, "bakery", "ada", 0)
    at_launch = {
        "business_id": "bakery",
        "customer_id": "ada",
        "program_id": "points",
        "balance_id": "b",
        "occurred_at": "2026-01-01",
        "source_kind": "test",
    }
    walk.insert(
        "customer_balances", business_id="bakery", id="b", customer_id="ada", program_id="points"
    )

    def entry(seq: int, type_: str, amount: int) -> None:
        row = {"id": f"e{seq}", "source_id": str(seq), "type": type_, "amount": amount}
        walk.insert("point_transactions", **at_launch, **row, seq=seq, balance=0)

    entry(1, "EARNED", 10)
    with pytest.raises(psycopg.errors.CheckViolation):
        entry(2, "ADJUSTED", 5)
    walk.up("add_point_transactions")
    assert walk.table("point_transactions", "amount", "metadata") == {"e1": (10, {})}
    walk.down("customer_segment_relationship")
    walk.up("add_point_transactions")
    for number, type_ in enumerate(("ADJUSTED", "REFUNDED"), start=2):
        entry(number, type_, 5)
    with pytest.raises(psycopg.errors.RaiseException, match="never changed or deleted"):
        walk.run("UPDATE point_transactions SET amount = 11")
    with pytest.raises(Refused, match="Rows of point_transactions break the rule"):
        walk.down("customer_segment_relationship")
    entry(4, "REFUNDED", 5)
    with pytest.raises(psycopg.errors.RaiseException, match="never changed or deleted"):
        walk.run("DELETE FROM point_transactions")  # refused, and still what it was


def redemption(walk: Walk, id_: str, **more: str) -> None:
    moments = {"requested_at": "2026-01-01", "expires_at": "2026-02-01"}
    row = {"customer_id": "ada", "reward_id": "coffee", "points_cost": 5, "code": id_} | moments
    walk.insert("reward_redemptions", business_id="bakery", id=id_, **row | more)


def test_redemptions_lapse(at: At) -> None:
    walk = at("add_reward_redemptions")
    walk.business("bakery")
    walk.insert("customers", business_id="bakery", id="ada", email_norm="a", member_code="A")
    row = {"name": "Coffee", "type": "FREE_ITEM", "points_cost": 5, "currency": "EUR"}
    walk.insert("rewards", business_id="bakery", id="coffee", **row)
    for status in ("PENDING", "APPROVED", "FULFILLED", "CANCELLED", "REFUNDED"):
        redemption(walk, status, status=status)
    redemption(walk, "new")
    before = walk.table("reward_redemptions", "status")
    assert before["new"] == "PENDING"
    lapse = "UPDATE reward_redemptions SET status = 'EXPIRED' WHERE id = 'PENDING'"
    with pytest.raises(psycopg.errors.CheckViolation):
        walk.run(lapse)
    walk.up("add_expired_redemption_status")
    assert walk.table("reward_redemptions", "status") == before
    walk.down("add_reward_redemptions")
    walk.up("add_expired_redemption_status")
    walk.run(lapse)
    with pytest.raises(Refused, match="Rows of reward_redemptions break the rule"):
        walk.down("add_reward_redemptions")
    redemption(walk, "lapsed too", status="EXPIRED")
    assert walk.table("reward_redemptions", "status")["PENDING"] == "EXPIRED"
    with pytest.raises(psycopg.errors.UniqueViolation):
        redemption(walk, "another", code="new")


def test_a_code_is_unique_in_its_business_and_not_in_the_world(at: At) -> None:
    walk = at("add_reward_redemptions")
    for business in ("bakery", "florist"):
        walk.business(business)
        row = {"name": "Coffee", "type": "FREE_ITEM", "points_cost": 5, "currency": "EUR"}
        walk.insert("rewards", business_id=business, id="coffee", **row)
        walk.insert("customers", business_id=business, id="ada", email_norm="a", member_code="A")
        moments = {"requested_at": "2026-01-01", "expires_at": "2026-02-01"}
        walk.insert(
            "reward_redemptions",
            business_id=business,
            id="r",
            customer_id="ada",
            reward_id="coffee",
            points_cost=5,
            code="SAME",
            **moments,
        )
    assert len(walk.rows("SELECT 1 FROM reward_redemptions WHERE code = 'SAME'")) == 2


def test_the_balance_of_a_launched_program_outlives_its_customer(at: At) -> None:
    walk = at("add_point_lots")
    walk.business("bakery")
    program(walk, "bakery", "points")
    customer(walk, "bakery", "ada", 0)
    balance(walk, "bakery", "ada", "points", 10)
    for victim in ("customers", "loyalty_programs"):
        # PostgreSQL 18 has an error of its own for it, 15 says it as any broken reference.
        with pytest.raises(psycopg.errors.IntegrityError, match="violates"):
            walk.run(f"DELETE FROM {victim}")
