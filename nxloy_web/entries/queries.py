"""Reads of balances and entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, func, select, tuple_
from sqlalchemy.orm import joinedload, load_only

from nxloy_web.customers import finding
from nxloy_web.db import db
from nxloy_web.db.cursors import write_cursor
from nxloy_web.db.session import history
from nxloy_web.errors import NotFound
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.points import PointTransaction, TransactionType

PAGE = 25
COUNTED = 1_000


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
