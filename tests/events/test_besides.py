"""What an act brings about besides is said too: a tier that is reached or lost, points that end."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import jobs as ledger_jobs
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording, voiding
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramSettings
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_shop, make_tier
from tests.imports import steps

LATER = NOON + timedelta(days=12)
BOUGHT = b"Customer;Date;Amount\n1;2026-01-05;100,00\n1;2026-01-06;5,00\n2;2026-01-07;200,00\n"


@pytest.fixture
def shop(app: Flask) -> Shop:
    shop = make_shop(app)
    make_tier(app, shop, "Silver", 10)
    make_tier(app, shop, "Gold", 100)
    return shop


def buy(app: Flask, shop: Shop, customer_id: str, euros: int) -> str:
    with inside(app, shop):
        purchase = recording.record(
            id=new_id(),
            customer_id=customer_id,
            amount_minor=100 * euros,
            by=shop.actor(),
            at=clock.now(),
        )
        db.session.commit()
        return purchase.id


def said(app: Flask, shop: Shop, name: str) -> Sequence[AuditEntry]:
    with inside(app, shop):
        return db.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action == name)
            .order_by(AuditEntry.occurred_at, AuditEntry.id)
        ).all()


def test_a_tier_that_a_purchase_reaches_is_said_with_the_one_before(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    for euros in (5, 10, 10, 100):
        buy(app, shop, customer_id, euros)
    entries = said(app, shop, "customer.tier_changed")
    moves = [(entry.before, (entry.after or {})["tier"]) for entry in entries]
    assert moves == [({"tier": None}, "Silver"), ({"tier": "Silver"}, "Gold")]
    entry = entries[-1]
    assert entry.after is not None
    assert entry.after["program_id"] == shop.program_id
    assert (entry.subject_type, entry.subject_id) == ("Customer", customer_id)
    assert (entry.actor_kind, entry.actor_user_id) == ("team", shop.owner_id)


def test_a_tier_that_a_void_takes_is_said_also_of_who_is_deleted(app: Flask, shop: Shop) -> None:
    customer_id = make_customer(app, shop)
    buy(app, shop, customer_id, 20)
    second = buy(app, shop, customer_id, 100)
    with inside(app, shop):
        customer = db.session.get_one(Customer, (shop.business_id, customer_id))
        db.session.delete(customer)
        db.session.flush()
        voiding.void(second, reason="Came back", by=shop.actor(), at=clock.now())
        db.session.commit()
    entry = said(app, shop, "customer.tier_changed")[-1]
    assert (entry.before, (entry.after or {})["tier"]) == ({"tier": "Gold"}, "Silver")


def test_the_audit_log_shows_it_in_words(app: Flask, shop: Shop) -> None:
    buy(app, shop, make_customer(app, shop), 100)
    page = as_role(app, shop, Role.ANALYST).get(shop.url("/audit/")).text
    assert "Customer tier changed" in page
    assert "<del><bdi>nothing</bdi></del> <ins><bdi>Gold</bdi></ins>" in page


def test_points_that_end_in_the_middle_of_a_purchase_are_said_of_the_customer(
    app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the product, once: the job that comes later finds nothing left to say."""
    with inside(app, shop):
        program = db.session.scalars(select(LoyaltyProgram)).one()
        program.settings = ProgramSettings(expiry="days", expiry_after=10)
        db.session.commit()
    customer_id = make_customer(app, shop)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    buy(app, shop, customer_id, 7)
    buy(app, shop, customer_id, 2)
    monkeypatch.setattr(clock, "now", lambda: LATER)
    buy(app, shop, customer_id, 1)
    with inside(app, shop):
        ledger_jobs.settle_due()
        db.session.commit()
    [entry] = said(app, shop, "points.expired")
    assert entry.after == {"points": 9, "program_id": shop.program_id}
    assert (entry.subject_type, entry.subject_id) == ("Customer", customer_id)
    assert entry.actor_kind == "system"


def test_a_batch_says_once_how_many_moved(app: Flask, shop: Shop) -> None:
    client = as_role(app, shop)
    for number in ("1", "2"):
        make_customer(app, shop, external_id=number)
    run = steps.bring_in(app, client, shop, BOUGHT, "PURCHASES")
    steps.undo(app, client, shop, run.id)
    assert said(app, shop, "customer.tier_changed") == []
    for name in ("program.members_moved_up", "program.members_moved_down"):
        [entry] = said(app, shop, name)
        assert (entry.subject_id, entry.after) == (shop.program_id, {"customers": 2})
