"""The batch against the service: purchases at once and one by one leave the same books."""

import random
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.imports import undo
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.check import problems
from nxloy_web.purchases import recording, voiding
from nxloy_web.purchases.batch import NewPurchase, record_many
from nxloy_web.tables.businesses import Business, BusinessSettings
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportKind, ImportOptions, ImportRun, UploadedFile
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramSettings
from nxloy_web.tables.points import (
    CustomerBalance,
    PointLot,
    PointTransaction,
)
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from tests.factories import NOON, Shop, inside, make_customer, make_shop, make_tier
from tests.ledger.books import Kept

Bought = list[tuple[int, datetime, int]]
"""Which customer, when, how much."""


def a_shop(app: Flask, expiry: str, negative: bool) -> tuple[Shop, list[str]]:
    settings = BusinessSettings(balance_may_go_negative=negative)
    shop = make_shop(app, settings=settings)
    for name, required, multiplier in (
        ("Bronze", 0, "1"),
        ("Silver", 150, "1.5"),
        ("Gold", 600, "2"),
    ):
        make_tier(app, shop, name, required, multiplier)
    with inside(app, shop):
        settings_of_program = ProgramSettings(expiry=expiry, expiry_after=6)  # type: ignore[arg-type]
        db.session.execute(update(LoyaltyProgram).values(settings=settings_of_program))
        db.session.commit()
    return shop, [make_customer(app, shop, f"Nr{number}") for number in range(4)]


def some_purchases(seed: int) -> Bought:
    chance = random.Random(seed)
    days = sorted(chance.randrange(1, 500) for _ in range(60))
    return [
        (chance.randrange(4), NOON - timedelta(days=500 - day), chance.choice([0, 99, 1200, 4599]))
        for day in days
    ]


TAKEN_BACK = ("import_undone", "purchase_voided")


def books(app: Flask, shop: Shop, people: list[str]) -> dict[str, Any]:
    """Everything the ledger says, without ids and technical instants."""
    with inside(app, shop):
        number = {customer_id: index for index, customer_id in enumerate(people)}
        tiers = dict(db.session.execute(select(LoyaltyTier.id, LoyaltyTier.name)).all())
        accounts = db.session.scalars(select(CustomerBalance)).all()
        owner = {account.id: number[account.customer_id] for account in accounts}
        entries = db.session.scalars(select(PointTransaction)).all()
        lots = db.session.scalars(select(PointLot)).all()
        bought = db.session.scalars(select(Purchase)).all()
        customers = db.session.scalars(select(Customer)).all()
        return {
            "balances": sorted(
                (owner[one.id], one.balance, one.spendable, one.next_change_at, one.last_seq,
                 one.lifetime_points, tiers.get(one.tier_id or ""))
                for one in accounts
            ),
            "entries": sorted(
                (owner[one.balance_id], one.seq, one.type.value, one.amount, one.balance,
                 one.source_kind, one.description, one.metadata_.steps)
                for one in entries if one.source_kind not in TAKEN_BACK
            ),
            "taken back": sorted(
                (owner[one.balance_id], one.seq, one.amount, one.balance, one.description)
                for one in entries if one.source_kind in TAKEN_BACK
            ),
            "lots": sorted(
                (owner[one.balance_id], str(one.expires_at), one.amount, one.remaining)
                for one in lots
            ),
            "purchases": sorted(
                (number[one.customer_id], one.occurred_at, one.amount_minor, one.points,
                 one.status.value, one.why.steps)
                for one in bought
            ),
            "customers": sorted(
                (number[one.id], one.purchase_count, one.spent_minor,
                 str(one.first_purchase_at), str(one.last_purchase_at))
                for one in customers
            ),
        }  # fmt: skip


def one_by_one(app: Flask, shop: Shop, people: list[str], bought: Bought) -> None:
    with inside(app, shop):
        for customer, occurred_at, amount_minor in bought:
            recording.record(
                id=new_id(),
                customer_id=people[customer],
                amount_minor=amount_minor,
                occurred_at=occurred_at,
                by=shop.actor(),
                at=NOON,
            )
        db.session.commit()


def at_once(
    app: Flask, shop: Shop, people: list[str], bought: Bought, run_id: str | None = None
) -> None:
    with inside(app, shop):
        new = [
            NewPurchase(people[customer], amount_minor, occurred_at, import_key=new_id())
            for customer, occurred_at, amount_minor in bought
        ]
        record_many(
            new,
            currency="EUR",
            program_id=shop.program_id,
            at=NOON,
            import_run_id=run_id,
            by_user_id=shop.owner_id,
        )
        db.session.commit()


def spend(app: Flask, shop: Shop, people: list[str]) -> None:
    """Half of what each has, so that some points are gone when the import is undone."""
    with inside(app, shop):
        for customer_id in people:
            spendable = ledger.balance_of(customer_id, shop.program_id).spendable
            if spendable > 1:
                Kept(customer_id, shop.program_id).spend(new_id(), spendable // 2, NOON)
        db.session.commit()


def an_import(app: Flask, shop: Shop) -> str:
    run_id = new_id()
    with inside(app, shop):
        db.session.add(UploadedFile(id=run_id, filename="x.csv", sha256="", size=1, content=b"x"))
        db.session.flush()
        options = ImportOptions(program_id=shop.program_id)
        db.session.add(
            ImportRun(id=run_id, kind=ImportKind.PURCHASES, file_id=run_id, options=options)
        )
        db.session.commit()
    return run_id


@pytest.mark.parametrize("expiry", ["never", "months", "end_of_month"])
@pytest.mark.parametrize("seed", [1, 2])
def test_at_once_is_as_one_by_one(app: Flask, expiry: str, seed: int) -> None:
    bought = some_purchases(seed)
    slow, slow_people = a_shop(app, expiry, negative=False)
    quick, quick_people = a_shop(app, expiry, negative=False)
    one_by_one(app, slow, slow_people, bought)
    at_once(app, quick, quick_people, bought[:30])
    at_once(app, quick, quick_people, bought[30:])
    assert books(app, quick, quick_people) == books(app, slow, slow_people)
    with app.app_context():
        assert problems(quick.business_id) == []


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("expiry", ["never", "months"])
def test_taking_back_at_once_is_as_one_by_one(app: Flask, expiry: str, negative: bool) -> None:
    bought = some_purchases(3)
    slow, slow_people = a_shop(app, expiry, negative)
    quick, quick_people = a_shop(app, expiry, negative)
    one_by_one(app, slow, slow_people, bought)
    run_id = an_import(app, quick)
    at_once(app, quick, quick_people, bought, run_id)
    spend(app, slow, slow_people)
    spend(app, quick, quick_people)
    with inside(app, slow):
        newest_first = db.session.scalars(
            select(Purchase.id)
            .outerjoin(PointTransaction, PointTransaction.source_id == Purchase.id)
            .where(Purchase.status == PurchaseStatus.RECORDED)
            .order_by(Purchase.customer_id, PointTransaction.seq.desc().nulls_last())
        ).all()
        for purchase_id in newest_first:
            voiding.void(purchase_id, reason=undo.REASON, by=slow.actor(), at=NOON)
        db.session.commit()
    with inside(app, quick):
        undo.take_back(db.session.get_one(ImportRun, (quick.business_id, run_id)), NOON)
        db.session.commit()
    assert books(app, quick, quick_people) == books(app, slow, slow_people)
    with app.app_context():
        assert problems(quick.business_id) == problems(slow.business_id)


def test_a_full_balance_takes_no_more(app: Flask) -> None:
    shop, people = a_shop(app, "never", negative=False)
    at_once(app, shop, people, [(0, NOON, 150_000_000_000)])  # 1.5 billion points
    at_once(app, shop, people, [(0, NOON, 150_000_000_000)])
    with inside(app, shop):
        assert db.session.scalars(select(CustomerBalance.balance)).all() == [1_500_000_000]
        whys = [one.why.steps for one in db.session.scalars(select(Purchase))]
        assert ["The balance cannot hold more points"] in whys


def test_currency_is_the_business_s(app: Flask) -> None:
    shop, people = a_shop(app, "never", negative=False)
    at_once(app, shop, people, [(0, NOON, 100)])
    with inside(app, shop):
        currency = db.session.scalar(select(Business.currency))
        assert db.session.scalars(select(Purchase.currency)).all() == [currency]
