"""Reads of balances and entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, case, func, or_, select, tuple_
from sqlalchemy.orm import joinedload, load_only

from nxloy_web.customers import finding
from nxloy_web.db import db
from nxloy_web.db.cursors import write_cursor
from nxloy_web.db.scope import current_business_id
from nxloy_web.db.session import history
from nxloy_web.earning.programs import OLDEST_FIRST
from nxloy_web.errors import NotFound
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance, PointLot, PointTransaction, TransactionType

PAGE = 25
COUNTED = 1_000


@dataclass(frozen=True)
class Standing:
    """What a customer has in one program, true at this moment."""

    balance: CustomerBalance
    program: LoyaltyProgram
    tier: LoyaltyTier | None
    spendable: int
    pending: int
    """Points that are there but not yet available."""
    next_expiry: tuple[datetime, int] | None
    """When points expire next, and how many of them."""


@dataclass(frozen=True)
class Entry:
    """One line of the ledger with the name of who did it."""

    row: PointTransaction
    by_name: str | None


@dataclass(frozen=True)
class Filter:
    """What of the ledger to show; empty values do not filter. Days are the business's."""

    type: TransactionType | None = None
    program_id: str = ""
    customer_id: str = ""
    text: str = ""
    since: date | None = None
    until: date | None = None
    """The last day shown."""
    after: tuple[datetime, str] | None = None

    @property
    def is_set(self) -> bool:
        return replace(self, after=None) != Filter()


def spendable_of(balance: CustomerBalance, at: datetime) -> int:
    """What can be spent now. The stored figure while it is exact, else added up from the lots:
    a late job never lets an expired point be shown or spent."""
    if balance.next_change_at is None or balance.next_change_at > at:
        return balance.spendable
    return db.session.scalar(select(_sum_of_good(balance.id, at))) or 0


def spendable_now(at: datetime) -> ColumnElement[int]:
    """The same as a column, for lists and conditions over CustomerBalance."""
    exact = or_(CustomerBalance.next_change_at.is_(None), CustomerBalance.next_change_at > at)
    return case((exact, CustomerBalance.spendable), else_=_sum_of_good(CustomerBalance.id, at))


def standings(customer_id: str, at: datetime) -> list[Standing]:
    """Every balance of a customer, the oldest program first."""
    balances = db.session.scalars(
        history(
            select(CustomerBalance)
            .join(CustomerBalance.program)
            .where(CustomerBalance.customer_id == customer_id)
            .options(joinedload(CustomerBalance.program), joinedload(CustomerBalance.tier))
            .order_by(*OLDEST_FIRST)
        )
    ).all()
    return [_standing(balance, at) for balance in balances]


def page_of(filter_: Filter, zone: ZoneInfo) -> tuple[list[Entry], str]:
    """A page of entries, newest first, and the cursor of the next page."""
    rows = db.session.execute(_listed(filter_, zone).limit(PAGE + 1)).all()
    entries = [Entry(row, name) for row, name in rows[:PAGE]]
    return entries, cursor(entries[-1].row) if len(rows) > PAGE else ""


def everything(filter_: Filter, zone: ZoneInfo, batch: int = 500) -> Iterator[Entry]:
    """All entries of the list, read in batches: for the export."""
    filter_ = replace(filter_, after=None)
    while True:
        rows = db.session.execute(_listed(filter_, zone).limit(batch)).all()
        yield from (Entry(row, name) for row, name in rows)
        if len(rows) < batch:
            return
        last = rows[-1][0]
        filter_ = replace(filter_, after=(last.occurred_at, last.id))
        db.session.expunge_all()


def count(filter_: Filter, zone: ZoneInfo) -> int:
    """How many entries match, counted up to one more than COUNTED."""
    ids: Select[Any] = select(PointTransaction.id)
    statement = _where(ids, replace(filter_, after=None), zone)
    rows = statement.limit(COUNTED + 1).subquery()
    return db.session.scalar(select(func.count()).select_from(rows)) or 0


def history_of(
    customer_id: str,
    *,
    program_id: str | None = None,
    before_seq: int | None = None,
    limit: int = 25,
) -> Sequence[PointTransaction]:
    """A customer's entries, newest first; within one program in the order they happened."""
    statement = (
        select(PointTransaction)
        .where(PointTransaction.customer_id == customer_id)
        .options(joinedload(PointTransaction.program))
        .limit(limit)
    )
    if program_id is None:
        statement = statement.order_by(
            PointTransaction.occurred_at.desc(), PointTransaction.seq.desc()
        )
    else:
        statement = statement.where(PointTransaction.program_id == program_id).order_by(
            PointTransaction.seq.desc()
        )
        if before_seq is not None:
            statement = statement.where(PointTransaction.seq < before_seq)
    return db.session.scalars(history(statement)).all()


def programs() -> Sequence[LoyaltyProgram]:
    """Every program there ever was, for the filter."""
    statement = select(LoyaltyProgram).order_by(LoyaltyProgram.name, LoyaltyProgram.id)
    return db.session.scalars(history(statement)).all()


def customer(customer_id: str) -> Customer:
    """A customer, deleted or not. Raises NotFound."""
    found = db.session.scalar(history(select(Customer).where(Customer.id == customer_id)))
    if found is None:
        raise NotFound
    return found


def cursor(row: PointTransaction) -> str:
    return write_cursor(row.occurred_at, row.id)


def _standing(balance: CustomerBalance, at: datetime) -> Standing:
    open_lots = db.session.scalars(
        select(PointLot).where(PointLot.balance_id == balance.id, PointLot.remaining > 0)
    ).all()
    good = [
        lot
        for lot in open_lots
        if lot.available_at <= at and (lot.expires_at is None or lot.expires_at > at)
    ]
    ends = sorted({lot.expires_at for lot in good if lot.expires_at is not None})
    ending = sum(lot.remaining for lot in good if ends and lot.expires_at == ends[0])
    return Standing(
        balance=balance,
        program=balance.program,
        tier=balance.tier,
        spendable=sum(lot.remaining for lot in good),
        pending=sum(lot.remaining for lot in open_lots if lot.available_at > at),
        next_expiry=(ends[0], ending) if ends else None,
    )


def _sum_of_good(balance_id: Any, at: datetime) -> Any:
    return (
        select(func.coalesce(func.sum(PointLot.remaining), 0))
        .where(
            PointLot.business_id == current_business_id(),
            PointLot.balance_id == balance_id,
            PointLot.remaining > 0,
            PointLot.available_at <= at,
            or_(PointLot.expires_at.is_(None), PointLot.expires_at > at),
        )
        .correlate(CustomerBalance)
        .scalar_subquery()
    )


def _listed(filter_: Filter, zone: ZoneInfo) -> Select[Any]:
    statement: Any = (
        select(PointTransaction, User.name)
        .outerjoin(User, User.id == PointTransaction.by_user_id)
        .options(
            joinedload(PointTransaction.customer).options(
                load_only(
                    Customer.first_name,
                    Customer.last_name,
                    Customer.email,
                    Customer.phone_e164,
                    Customer.deleted_at,
                )
            ),
            joinedload(PointTransaction.program).options(
                load_only(LoyaltyProgram.name, LoyaltyProgram.deleted_at)
            ),
        )
        .order_by(PointTransaction.occurred_at.desc(), PointTransaction.id.desc())
    )
    return history(_where(statement, filter_, zone))


def _where(statement: Select[Any], filter_: Filter, zone: ZoneInfo) -> Select[Any]:
    if filter_.type is not None:
        statement = statement.where(PointTransaction.type == filter_.type)
    if filter_.program_id:
        statement = statement.where(PointTransaction.program_id == filter_.program_id)
    if filter_.customer_id:
        statement = statement.where(PointTransaction.customer_id == filter_.customer_id)
    if filter_.text:
        meant = finding.matching(filter_.text, deleted_too=True)
        statement = statement.where(meant.among(PointTransaction.customer_id))
    if filter_.since is not None:
        statement = statement.where(PointTransaction.occurred_at >= _start(filter_.since, zone))
    if filter_.until is not None:
        end = _start(filter_.until + timedelta(days=1), zone)
        statement = statement.where(PointTransaction.occurred_at < end)
    if filter_.after is not None:
        statement = statement.where(
            tuple_(PointTransaction.occurred_at, PointTransaction.id) < tuple_(*filter_.after)
        )
    return statement


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
