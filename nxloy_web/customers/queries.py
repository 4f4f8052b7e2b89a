"""What lists and pages of customers show."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.session import history
from nxloy_web.earning.programs import DEFAULT_PROGRAM_ID, OLDEST_FIRST
from nxloy_web.errors import NotFound
from nxloy_web.events import EventName
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.points import PointTransaction
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember
from nxloy_web.units import HasUnit

ENTRIES = Order(PointTransaction.seq, descending=True)
PURCHASES = Order(Purchase.occurred_at, Purchase.id, descending=True)
REDEMPTIONS = Order(RewardRedemption.requested_at, RewardRedemption.id, descending=True)


@dataclass(frozen=True)
class ProgramWithTiers(HasUnit):
    """The program that lists mean: the default one. Tiers lowest first."""

    id: str
    name: str
    points_name: str
    point_name: str | None
    tiers: tuple[LoyaltyTier, ...]

    @property
    def for_everybody(self) -> LoyaltyTier | None:
        """The tier that is held before the first point."""
        return self.tiers[0] if self.tiers and self.tiers[0].required_points == 0 else None

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
    return ProgramWithTiers(
        program.id, program.name, program.points_name, program.point_name, tiers
    )


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


_TIER_EVENTS: tuple[EventName, ...] = (
    "customer.tier_by_hand_ended",
    "customer.tier_by_hand_taken_away",
    "customer.tier_changed",
    "customer.tier_set_by_hand",
)


def tier_history(customer_id: str, limit: int = 10) -> Sequence[Row[AuditEntry, str | None]]:
    """How the tier came to be what it is, the newest first, with who did it."""
    return db.session.execute(
        select(AuditEntry, User.name)
        .outerjoin(User, User.id == AuditEntry.actor_user_id)
        .where(
            AuditEntry.subject_type == Customer.__name__,
            AuditEntry.subject_id == customer_id,
            AuditEntry.action.in_(_TIER_EVENTS),
        )
        .order_by(AuditEntry.occurred_at.desc(), AuditEntry.id.desc())
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
    customer_id: str, program_id: str | None, seen: str
) -> Page[Row[PointTransaction, str | None]]:
    """A page of ledger entries in one program with who made them: those before the last seen."""
    if program_id is None:
        return Page()
    statement = (
        select(PointTransaction, User.name)
        .outerjoin(User, User.id == PointTransaction.by_user_id)
        .where(
            PointTransaction.customer_id == customer_id, PointTransaction.program_id == program_id
        )
    )
    return ENTRIES.page(statement, after=seen)


def purchases(customer_id: str, seen: str) -> Page[Row[Purchase, str | None, str | None]]:
    """A page of purchases with location and who recorded them: those before the last seen."""
    statement = (
        select(Purchase, Location.name, User.name)
        .outerjoin(Location, Location.id == Purchase.location_id)
        .outerjoin(User, User.id == Purchase.by_user_id)
        .where(Purchase.customer_id == customer_id)
    )
    return PURCHASES.page(history(statement), after=seen)


def redemptions(customer_id: str, seen: str) -> Page[RewardRedemption]:
    """A page of redemptions with their rewards: those before the last seen."""
    statement = (
        select(RewardRedemption)
        .where(RewardRedemption.customer_id == customer_id)
        .options(joinedload(RewardRedemption.reward))
    )
    return REDEMPTIONS.page(history(statement), after=seen).each(lambda row: row[0])
