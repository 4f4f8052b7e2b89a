"""Lots of one balance: which are open, in what order they are used, what they add up to.

Every function here expects the balance's row to be locked, except those that only add up.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.tables.points import CustomerBalance, LotUse, PointLot, PointTransaction


def open_of(balance: CustomerBalance) -> list[PointLot]:
    """Lots with something left, in the order they are used: the one that ends first comes first."""
    return list(
        db.session.scalars(
            select(PointLot)
            .where(PointLot.balance_id == balance.id, PointLot.remaining > 0)
            .order_by(PointLot.expires_at.asc().nulls_last(), PointLot.available_at, PointLot.id)
            .execution_options(populate_existing=True)
        )
    )


def used_by(entry: PointTransaction) -> list[tuple[PointLot, int]]:
    """What a debit took from which lot, the lots that last longest first."""
    rows = db.session.execute(
        select(PointLot, LotUse.amount)
        .join(
            LotUse,
            (LotUse.business_id == PointLot.business_id) & (LotUse.lot_id == PointLot.id),
        )
        .where(LotUse.transaction_id == entry.id)
        .order_by(PointLot.expires_at.desc().nulls_first(), PointLot.id)
        .execution_options(populate_existing=True)
    ).all()
    return [(lot, amount) for lot, amount in rows]


def is_good(lot: PointLot, at: datetime) -> bool:
    return lot.available_at <= at and (lot.expires_at is None or lot.expires_at > at)


def sum_good(open_lots: Iterable[PointLot], at: datetime) -> int:
    return sum(lot.remaining for lot in open_lots if is_good(lot, at))


def next_change(open_lots: Iterable[PointLot], at: datetime) -> datetime | None:
    """The earliest coming instant at which what is spendable changes by itself."""
    coming = (
        instant
        for lot in open_lots
        if lot.remaining
        for instant in (lot.available_at, lot.expires_at)
        if instant is not None and instant > at
    )
    return min(coming, default=None)


def take(entry: PointTransaction, from_lots: Sequence[PointLot], amount: int) -> int:
    """Take up to `amount` out of the lots in their order and remember it; what was taken."""
    left = amount
    for lot in from_lots:
        part = min(left, lot.remaining)
        if part:
            lot.remaining -= part
            left -= part
            remember(entry, lot, part)
    return amount - left


def remember(entry: PointTransaction, lot: PointLot, amount: int) -> None:
    """A debit's row says what it took from the lot; a credit's row, what it put back."""
    db.session.add(
        LotUse(business_id=entry.business_id, transaction_id=entry.id, lot_id=lot.id, amount=amount)
    )
