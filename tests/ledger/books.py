"""What every test of the ledger does: give, spend, and look whether the books are right."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import Flask
from sqlalchemy import select

from nxloy_web.actors import SYSTEM
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import check, service
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.tables.points import CustomerBalance, PointTransaction, TransactionType
from tests.factories import NOON, Shop, inside

DAY = timedelta(days=1)


@dataclass
class Kept:
    """One customer's points in one program, moved as verbs move them: each act opens the books,
    moves, and writes. In the open transaction."""

    customer_id: str
    program_id: str

    def books(self, at: datetime) -> Books:
        return Books(self.program_id, [self.customer_id], at=at)

    def credit(
        self,
        key: str,
        points: int,
        at: datetime,
        begins: datetime | None = None,
        ends: datetime | None = None,
        again_of: str | None = None,
        *,
        type: TransactionType = TransactionType.EARNED,
    ) -> None:
        books = self.books(at)
        if again_of is not None:
            books.know_lines("test", [again_of])
        cause = Cause(type, "test", key, by=SYSTEM, at=at)
        service.refuse_too_many(books, self.customer_id, points)
        books.credit(
            self.customer_id, points, cause, available_at=begins, ends_at=ends, again_of=again_of
        )
        books.write(by=SYSTEM)

    def spend(self, key: str, points: int, at: datetime) -> None:
        books = self.books(at)
        cause = Cause(TransactionType.REDEEMED, "test", key, by=SYSTEM, at=at)
        service.debit(books, self.customer_id, points, cause)
        books.write(by=SYSTEM)

    def reverse(self, key: str, at: datetime) -> None:
        books = self.books(at)
        cause = Cause(TransactionType.REFUNDED, "back", key, by=SYSTEM, at=at)
        books.take_back("test", [key], lambda _: cause)
        books.write(by=SYSTEM)

    def come_back(self, key: str, at: datetime) -> None:
        books = self.books(at)
        taken = service.entry_of(self.customer_id, self.program_id, "test", key)
        assert taken is not None
        cause = Cause(TransactionType.REFUNDED, "redemption_back", key, by=SYSTEM, at=at)
        books.give_back(self.customer_id, taken.id, cause)
        books.write(by=SYSTEM)

    def settle(self, at: datetime) -> None:
        service.settle(self.program_id, [self.customer_id], at)


def give(
    app: Flask,
    shop: Shop,
    customer_id: str,
    amount: int,
    *,
    at: datetime = NOON,
    source_id: str = "",
    type: TransactionType = TransactionType.EARNED,
    available_at: datetime | None = None,
    expires_at: datetime | None = None,
) -> str:
    """Points out of nothing, as a purchase of its own would give them; the source's id."""
    key = source_id or new_id()
    with inside(app, shop):
        kept = Kept(customer_id, shop.program_id)
        kept.credit(key, amount, at, available_at, expires_at, type=type)
        db.session.commit()
    return key


def spend(app: Flask, shop: Shop, customer_id: str, amount: int, *, at: datetime = NOON) -> str:
    key = new_id()
    with inside(app, shop):
        Kept(customer_id, shop.program_id).spend(key, amount, at)
        db.session.commit()
    return key


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
