"""What lists and pages of customers show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.cursors import write_cursor
from nxloy_web.db.session import history
from nxloy_web.earning.programs import DEFAULT_PROGRAM_ID, OLDEST_FIRST
from nxloy_web.errors import NotFound
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.points import PointTransaction
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember

PAGE = 25


@dataclass(frozen=True)
class ProgramWithTiers:
    """The program that lists mean: the default one. Tiers lowest first."""

    id: str
    name: str
    points_name: str
    tiers: tuple[LoyaltyTier, ...]

    def tier(self, tier_id: str | None) -> tuple[LoyaltyTier, int] | None:
        """A tier and its rank."""
        for rank, tier in enumerate(self.tiers):
            if tier.id == tier_id:
                return tier, rank
        return None


_DEFAULT_WITH_TIERS = (
    select(LoyaltyProgram, LoyaltyTier)
    .outerjoin(LoyaltyTier, LoyaltyTier.program_id == LoyaltyProgram.id)
    .where(LoyaltyProgram.id == DEFAULT_PROGRAM_ID)
    .order_by(LoyaltyTier.required_points)
)


def default_program() -> ProgramWithTiers | None:
    rows = db.session.execute(_DEFAULT_WITH_TIERS).all()
    if not rows:
        return None
    program = rows[0][0]
    tiers = tuple(tier for _, tier in rows if tier is not None)
    return ProgramWithTiers(program.id, program.name, program.points_name, tiers)


def programs_to_adjust() -> Sequence[LoyaltyProgram]:
    """Programs whose points may be moved by hand."""
    return db.session.scalars(
        select(LoyaltyProgram)
        .where(LoyaltyProgram.status.in_((ProgramStatus.ACTIVE, ProgramStatus.PAUSED)))
        .order_by(*OLDEST_FIRST)
    ).all()


def customer(customer_id: str) -> Customer:
    """A customer, deleted or not. Raises NotFound."""
    found = db.session.scalar(history(select(Customer).where(Customer.id == customer_id)))
    if found is None:
        raise NotFound
    return found


def names_of(ids: Sequence[str]) -> dict[str, Customer]:
    """Customers by id, deleted ones too."""
    if not ids:
        return {}
    rows = db.session.scalars(history(select(Customer).where(Customer.id.in_(ids))))
    return {row.id: row for row in rows}


def referred(customer_id: str, limit: int = 10) -> Sequence[Customer]:
    """Whom this customer brought."""
    return db.session.scalars(
        select(Customer)
        .where(Customer.referred_by == customer_id)
        .order_by(Customer.created_at.desc())
        .limit(limit)
    ).all()


def segments_of(customer_id: str) -> Sequence[CustomerSegment]:
    return db.session.scalars(
        select(CustomerSegment)
        .join(CustomerSegmentMember, CustomerSegmentMember.segment_id == CustomerSegment.id)
        .where(CustomerSegmentMember.customer_id == customer_id)
        .order_by(CustomerSegment.name)
        .limit(50)
    ).all()


def tiers_of(program_ids: Sequence[str]) -> dict[str, list[LoyaltyTier]]:
    """Living tiers of programs, lowest first."""
    found: dict[str, list[LoyaltyTier]] = {program_id: [] for program_id in program_ids}
    rows = db.session.scalars(
        select(LoyaltyTier)
        .where(LoyaltyTier.program_id.in_(program_ids))
        .order_by(LoyaltyTier.required_points)
    )
    for tier in rows:
        found[tier.program_id].append(tier)
    return found


def entries(
    customer_id: str, program_id: str | None, before_seq: int | None
) -> tuple[list[tuple[PointTransaction, str | None]], int | None]:
    """A page of ledger entries in one program with who made them, and the next page's cursor."""
    if program_id is None:
        return [], None
    statement = (
        select(PointTransaction, User.name)
        .outerjoin(User, User.id == PointTransaction.by_user_id)
        .where(
            PointTransaction.customer_id == customer_id, PointTransaction.program_id == program_id
        )
        .order_by(PointTransaction.seq.desc())
        .limit(PAGE + 1)
    )
    if before_seq is not None:
        statement = statement.where(PointTransaction.seq < before_seq)
    rows: list[Any] = [tuple(row) for row in db.session.execute(statement)]
    return rows[:PAGE], rows[PAGE - 1][0].seq if len(rows) > PAGE else None


def purchases(
    customer_id: str, before: tuple[datetime, str] | None
) -> tuple[list[tuple[Purchase, str | None, str | None]], str]:
    """A page of purchases with location and who recorded them, and the next page's cursor."""
    columns: Any = select(Purchase, Location.name, User.name)
    statement = history(
        columns.outerjoin(Location, Location.id == Purchase.location_id)
        .outerjoin(User, User.id == Purchase.by_user_id)
        .where(Purchase.customer_id == customer_id)
        .order_by(Purchase.occurred_at.desc(), Purchase.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        statement = statement.where(_older(Purchase.occurred_at, Purchase.id, before))
    rows: list[Any] = [tuple(row) for row in db.session.execute(statement)]
    last = rows[PAGE - 1][0] if len(rows) > PAGE else None
    return rows[:PAGE], write_cursor(last.occurred_at, last.id) if last else ""


def redemptions(
    customer_id: str, before: tuple[datetime, str] | None
) -> tuple[list[RewardRedemption], str]:
    """A page of redemptions with their rewards, and the next page's cursor."""
    statement = history(
        select(RewardRedemption)
        .where(RewardRedemption.customer_id == customer_id)
        .options(joinedload(RewardRedemption.reward))
        .order_by(RewardRedemption.requested_at.desc(), RewardRedemption.id.desc())
        .limit(PAGE + 1)
    )
    if before is not None:
        statement = statement.where(
            _older(RewardRedemption.requested_at, RewardRedemption.id, before)
        )
    rows = list(db.session.scalars(statement))
    last = rows[PAGE - 1] if len(rows) > PAGE else None
    return rows[:PAGE], write_cursor(last.requested_at, last.id) if last else ""


def _older(instant: Any, row_id: Any, before: tuple[datetime, str]) -> ColumnElement[bool]:
    return or_(instant < before[0], and_(instant == before[0], row_id < before[1]))
