"""What the product does by itself is said too: once for many, never one by one."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import jobs as ledger_jobs
from nxloy_web.programs import placing
from nxloy_web.programs import service as programs
from nxloy_web.purchases import recording
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.imports import ImportKind
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramSettings
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_shop, make_tier
from tests.imports import steps

BOUGHT = b"Customer;Date;Amount\n1;2026-01-05;10,00\n1;2026-01-06;5,00\n9;2026-01-07;1,00\n"


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def said(app: Flask, shop: Shop, word: str) -> list[tuple[str, dict[str, Any] | None]]:
    """What the system said about this, the oldest first."""
    with inside(app, shop):
        entries = db.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.actor_kind == "system", AuditEntry.action.startswith(f"{word}."))
            .order_by(AuditEntry.occurred_at, AuditEntry.id)
        )
        return [(entry.action, entry.after) for entry in entries]


def buy(
    app: Flask, shop: Shop, euros: int, customer_id: str | None = None, at: datetime = NOON
) -> str:
    customer_id = customer_id or make_customer(app, shop)
    with inside(app, shop):
        recording.record(
            id=new_id(),
            customer_id=customer_id,
            amount_minor=100 * euros,
            by=shop.actor(),
            at=at,
        )
        db.session.commit()
    return customer_id


def settle(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        ledger_jobs.settle_due()
        db.session.commit()


def test_points_that_expired_are_said_once_for_all(
    app: Flask, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with inside(app, shop):
        program = db.session.scalars(select(LoyaltyProgram)).one()
        program.settings = ProgramSettings(expiry="days", expiry_after=10)
        db.session.commit()
    buy(app, shop, 20)
    customer_id = buy(app, shop, 30)
    later = NOON + timedelta(days=12)
    monkeypatch.setattr(clock, "now", lambda: later)
    settle(app, shop)
    first = ("points.expired", {"customers": 2, "points": 50})
    assert said(app, shop, "points") == [first]
    buy(app, shop, 7, customer_id, later)
    monkeypatch.setattr(clock, "now", lambda: later + timedelta(days=12))
    settle(app, shop)  # what had expired before is not said again
    assert said(app, shop, "points") == [first, ("points.expired", {"customers": 1, "points": 7})]


def test_who_moves_up_after_a_change_of_tiers_is_said_once_for_all(app: Flask, shop: Shop) -> None:
    for euros in (20, 30):
        buy(app, shop, euros)
    make_tier(app, shop, "Silver", 10)
    for _ in range(2):
        with inside(app, shop):
            placing.place(program_id=shop.program_id)
            db.session.commit()
    assert said(app, shop, "program") == [("program.members_moved_up", {"customers": 2})]


def test_an_import_says_when_it_is_in_and_when_it_is_taken_back(app: Flask, shop: Shop) -> None:
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    run = steps.bring_in(app, client, shop, BOUGHT, "PURCHASES")
    steps.undo(app, client, shop, run.id)
    figures = {"kind": ImportKind.PURCHASES.value, "new": 2, "known": 0, "failed": 1, "points": 15}
    assert said(app, shop, "import") == [("import.finished", figures), ("import.undone", figures)]


def test_an_import_says_that_it_failed_and_why(app: Flask, shop: Shop) -> None:
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    import_id = steps.upload(client, shop, BOUGHT, "PURCHASES")
    steps.check(app, client, shop, import_id)
    with inside(app, shop):
        programs.delete(shop.program_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    steps.start(app, client, shop, import_id)
    [(name, after)] = said(app, shop, "import")
    assert name == "import.failed"
    assert after is not None
    assert after["error"]
