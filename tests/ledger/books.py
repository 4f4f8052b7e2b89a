"""What every test of the ledger does: give, spend, and look whether the books are right."""

from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from nxloy_web.actors import SYSTEM
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import check, service
from nxloy_web.ledger.causes import Cause
from nxloy_web.tables.points import CustomerBalance, PointTransaction, TransactionType
from tests.factories import NOON, Shop, inside

DAY = timedelta(days=1)


def give(
    app: Flask,
    shop: Shop,
    customer_id: str,
    amount: int,
    *,
    at: datetime = NOON,
    source_id: str = "",
    type: TransactionType = TransactionType.EARNED,
    **lot: datetime | None,
) -> PointTransaction:
    """Points out of nothing, as a purchase of its own would give them."""
    cause = Cause(type, "test", source_id or new_id(), by=SYSTEM, at=at)
    with inside(app, shop):
        balance = service.balance_of(customer_id, shop.program_id, lock=True)
        entry = service.credit(balance, amount, cause, **lot)
        db.session.commit()
    return entry


def spend(
    app: Flask,
    shop: Shop,
    customer_id: str,
    amount: int,
    *,
    at: datetime = NOON,
    source_id: str = "",
) -> PointTransaction:
    cause = Cause(TransactionType.REDEEMED, "test", source_id or new_id(), by=SYSTEM, at=at)
    with inside(app, shop):
        balance = service.balance_of(customer_id, shop.program_id, lock=True)
        entry = service.debit(balance, amount, cause)
        db.session.commit()
    return entry


def standing(app: Flask, shop: Shop, customer_id: str) -> CustomerBalance:
    """The balance as it is saved, once the books of the whole business are found right."""
    with inside(app, shop):
        balance = db.session.scalars(
            select(CustomerBalance).where(CustomerBalance.customer_id == customer_id)
        ).one()
    assert books_of(app, shop) == []
    return balance


def books_of(app: Flask, shop: Shop) -> list[check.Problem]:
    with app.app_context():
        return check.problems(shop.business_id)


def entries_of(app: Flask, shop: Shop, customer_id: str) -> list[tuple[str, int, int]]:
    """Type, amount and running balance, in the order they happened."""
    with inside(app, shop):
        rows = db.session.scalars(
            select(PointTransaction)
            .where(PointTransaction.customer_id == customer_id)
            .order_by(PointTransaction.seq)
        ).all()
    return [(row.type.value, row.amount, row.balance) for row in rows]
