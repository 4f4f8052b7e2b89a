"""Going back with rows in every table: nothing is lost unless somebody says so."""

from typing import Any

import pytest

from nxloy_web.schema import drift
from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.shape import differences
from tests.schema.walking import Walk

REFUSALS = ("would lose what is in", "break the rule", "cannot be unique by email")
THEN = "2026-01-01"
ONLY_WHEN_CUT = "add_points_moved_column"
"""The data migration after it puts back what it moved; see test_rows_of_points.py."""


def test_every_loss_is_refused_first_and_done_when_somebody_says_so(at: At) -> None:
    walk = at("head")
    head = walk.shape()
    fill(walk)
    for revision in reversed(walk.revisions):
        if revision.down_loses and revision.id != ONLY_WHEN_CUT:
            target = walk.before(revision.id)
            with pytest.raises(Refused, match="|".join(REFUSALS)):
                walk.down(target)
            walk.down(target, lossy=True)
    walk.down("base")
    assert not any(walk.shape().values())
    walk.up()
    assert differences(head, walk.shape()) == []
    assert drift.differences(walk.migrator) == []
    walk.migrator.rollback()


def test_the_refusals_stand_in_the_way_of_a_reset_too(at: At) -> None:
    walk = at("head")
    fill(walk)
    with pytest.raises(Refused, match=r"would lose what is in unsent_mails"):
        walk.down("base")
    assert len(walk.table("customers", "email", key="business_id || id")) == 4
    walk.down("base", lossy=True)
    assert not any(walk.shape().values())


def fill(walk: Walk) -> None:
    """Something in every table, and what the older shapes have no place for."""
    later = {"expires_at": THEN}
    walk.insert("users", id="ann", name="Ann", email="ann", email_norm="ann", email_verified=True)
    walk.insert(
        "verification_codes",
        id="v",
        user_id="ann",
        type="EMAIL",
        purpose="SIGN_IN",
        code="h",
        **later,
    )
    walk.insert("accounts", id="a", user_id="ann", provider="APPLE", provider_id="1")
    walk.insert("outbound_mails", id="m", kind="code", sender_name="Bakery")
    walk.insert("pulses", name="worker", ok_at=THEN)
    walk.insert("application_floors", revision="remove_name", version="0.1.0")
    walk.insert(
        "data_migration_reports",
        migration="m",
        table_name="t",
        row_key={},
        outcome="WAITING",
        reason="r",
        row={},
    )
    walk.run("INSERT INTO jobs.procrastinate_jobs (queue_name, task_name) VALUES ('q', 't')")
    for business in ("bakery", "florist"):
        walk.business(business)
        with walk.admin.transaction():  # books are right as a whole, not row by row
            _business(walk, business)


def _business(walk: Walk, business: str) -> None:
    def add(table: str, id_: str | None = None, **values: Any) -> None:
        known = {"id": id_} if id_ else {}
        walk.insert(table, business_id=business, **known, **values)

    add("locations", "l", name="High street")
    add("memberships", "m", user_id="ann", role="OWNER", phone_e164="+1")
    add(
        "invitations",
        "i",
        email="bea",
        email_norm="bea",
        role="STAFF",
        token_hash="h",
        invited_by_user_id="ann",
        expires_at=THEN,
    )
    club = {"name": "Club", "type": "SUBSCRIPTION", "currency": "EUR"}
    add("loyalty_programs", "p", **club, point_name="Bean", last_tier_change={})
    add(
        "loyalty_tiers",
        f"t of {business}",
        program_id="p",
        name="Gold",
        color="#ffcc00",
        deleted_at=THEN,
    )
    add("earning_rules", "e", program_id="p", rule_id="e", version=1, name="1 a euro", terms={})
    add("customers", "ada", email="ada", email_norm="ada", member_code="A", tags=["vip"])
    add("customers", "kay", phone_e164="+4930", member_code="K", referred_by="ada", deleted_at=THEN)
    add("customer_name_words", customer_id="ada", word="ada")
    add("customer_segments", "s", name="Regulars", kind="MANUAL")
    add("customer_segments_mapping", segment_id="s", customer_id="ada")
    points = {"balance": 4, "spendable": 4, "last_seq": 2}
    by_hand = {"hand_tier_id": f"t of {business}", "hand_tier_until": THEN}
    by_hand |= {"hand_tier_reason": "Sorry", "hand_tier_form": "x"}
    whose = {"customer_id": "ada", "program_id": "p"}
    add("customer_balances", "b", **whose, **points, **by_hand, tier_before={})
    add("rewards", "r", name="Coffee", type="FREE_ITEM", points_cost=5, currency="EUR")
    moved = {"reward_id": "r", "kind": "ADDED", "change": 1, "stock_after": 1, "total_after": 1}
    add("stock_movements", "sm", **moved, reason="new")
    add("pictures", sha256="x", media_type="image/png", width=1, height=1)
    add(
        "reward_redemptions",
        "rr",
        customer_id="ada",
        reward_id="r",
        status="EXPIRED",
        points_cost=5,
        code="C",
        requested_at=THEN,
        expires_at=THEN,
    )
    add("redemption_events", "re", redemption_id="rr", to_status="EXPIRED", occurred_at=THEN)
    entry = {"customer_id": "ada", "program_id": "p", "balance_id": "b", "occurred_at": THEN}
    given = {"type": "REFUNDED", "redemption_id": "rr", "source_id": "rr", "part": 1}
    given["source_kind"] = "redemption"
    add("point_transactions", "pt", **entry, **given, seq=1, amount=5, balance=5)
    used = {"type": "ADJUSTED", "source_kind": "adjustment", "source_id": "by hand"}
    add("point_transactions", "pu", **entry, **used, seq=2, amount=-1, balance=4)
    lot = {"balance_id": "b", "transaction_id": "pt", "amount": 5, "worth": 5, "remaining": 4}
    add("point_lots", "pl", **lot, available_at=THEN)
    add("lot_uses", "lu", balance_id="b", debit_id="pu", home_lot_id="pl", lot_id="pl", amount=1)
    reversal = {"balance_id": "b", "source_kind": "redemption_back", "source_id": "rr"}
    add("point_reversals", "rv", **reversal, wanted=5, moved=5, occurred_at=THEN)
    add("uploaded_files", "f", filename="f.csv", sha256="x", size=1, removed_at=THEN)
    waiting = {"kind": "ADJUSTMENT", "points": 5, "reason": "Sorry", "limit_said": "Above 200"}
    when = {"asked_at": THEN, "expires_at": THEN}
    add("saved_views", "v", user_id="ann", of_list="CUSTOMERS", name="Gold", query="tier=g")
    add("approvals", "ap", customer_id="ada", asked_by_user_id="ann", **waiting, **when)
    add("import_runs", "ir", kind="CUSTOMERS", file_id="f")
    add("import_lines", run_id="ir", line=1, verdict="NEW")
    add("purchases", "pu", customer_id="ada", amount_minor=5, currency="EUR", occurred_at=THEN)
    named = {"subject_type": "Customer", "subject_id": "ada", "actor_kind": "system"}
    add("audit_entries", "ae", action="customer.edited", **named, occurred_at=THEN)
    add("job_runs", "jr", kind="segment")
    add("unsent_mails", "um", kind="welcome", recipient="ada", subject="Hello")
