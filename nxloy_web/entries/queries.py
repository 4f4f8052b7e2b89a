"""Reads of balances and entries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload, load_only

from nxloy_web.customers import finding
from nxloy_web.db import days, db, paging
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.session import history
from nxloy_web.errors import NotFound
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.points import PointTransaction, TransactionType

NEWEST_FIRST = Order(PointTransaction.occurred_at, PointTransaction.id, descending=True)


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

    @property
    def is_set(self) -> bool:
        return self != Filter()


def page_of(filter_: Filter, zone: ZoneInfo, seen: str) -> Page[Entry]:
    """A page of entries, newest first: those after the last one that was seen."""
    page = NEWEST_FIRST.page(_listed(filter_, zone), after=seen)
    ids: Select[Any] = select(PointTransaction.id)
    total = paging.count(_where(ids, filter_, zone))
    return replace(page.each(lambda row: Entry(*row)), total=total)


def everything(filter_: Filter, zone: ZoneInfo, batch: int = 500) -> Iterator[Entry]:
    """All entries of the list, read in batches: for the export."""
    for rows in NEWEST_FIRST.batches(_listed(filter_, zone), batch):
        yield from (Entry(*row) for row in rows)


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


def _listed(filter_: Filter, zone: ZoneInfo) -> Select[PointTransaction, str | None]:
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
    )
    return history(_where(statement, filter_, zone))


def _where(statement: Any, filter_: Filter, zone: ZoneInfo) -> Any:
    if filter_.type is not None:
        statement = statement.where(PointTransaction.type == filter_.type)
    if filter_.program_id:
        statement = statement.where(PointTransaction.program_id == filter_.program_id)
    if filter_.customer_id:
        statement = statement.where(PointTransaction.customer_id == filter_.customer_id)
    if filter_.text:
        meant = finding.matching(filter_.text, deleted_too=True)
        statement = statement.where(meant.among(PointTransaction.customer_id))
    then = days.within(PointTransaction.occurred_at, filter_.since, filter_.until, zone)
    return statement.where(*then)
