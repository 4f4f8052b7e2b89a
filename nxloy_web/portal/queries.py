"""Reads made for the portal: one customer's card, and what a business shows to anybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, not_, or_, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.earning.programs import running_programs
from nxloy_web.errors import NotFound
from nxloy_web.ledger import reads as ledger
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import (
    OPEN,
    RedemptionEvent,
    RedemptionStatus,
    RewardRedemption,
    in_state,
)
from nxloy_web.tables.rewards import Reward, RewardStatus
from nxloy_web.texts import Text, _

SOON = timedelta(days=60)
"""Points that end within this time are pointed out."""
JUST_NOW = timedelta(minutes=10)
"""A request that was closed stays on the card this long, so that its end is seen."""
MOST_OPEN = 10


@dataclass(frozen=True)
class Wallet:
    """One program on a customer's card."""

    program: LoyaltyProgram
    spendable: int
    pending: int
    lifetime: int
    tier: LoyaltyTier | None
    tiers: Sequence[LoyaltyTier]
    tier_until: datetime | None = None
    """The exclusive end of a tier that was set by hand, while it is the one that counts."""
    endings: Sequence[tuple[datetime, int]] = ()
    """The exclusive ends of points that end soon, and how many they are."""
    owed: int = 0
    """Spent points of purchases that came back: the next points pay for them first."""

    @property
    def next_tier(self) -> LoyaltyTier | None:
        held = self.tier.required_points if self.tier else -1
        reach = max(self.lifetime, held)
        return next((tier for tier in self.tiers if tier.required_points > reach), None)

    @property
    def to_next(self) -> int:
        return self.next_tier.required_points - self.lifetime if self.next_tier else 0

    @property
    def level(self) -> int:
        if self.tier is None:
            return 0
        return sum(tier.required_points < self.tier.required_points for tier in self.tiers)


def wallets(customer_id: str, at: datetime) -> list[Wallet]:
    """What the customer has, program by program; active ones also before the first point."""
    standings = ledger.standings(customer_id, at)
    running = running_programs()
    known = {standing.program.id for standing in standings}
    tiers = _tiers_of([*known, *(program.id for program in running)])
    found = [
        Wallet(
            program=standing.program,
            spendable=standing.spendable,
            pending=standing.pending,
            lifetime=standing.balance.lifetime_points,
            tier=standing.tier,
            tiers=tiers.get(standing.program.id, ()),
            tier_until=standing.by_hand_until,
            endings=[one for one in standing.expiries if one[0] - at <= SOON],
            owed=standing.balance.owed,
        )
        for standing in standings
        if _is_shown(standing)
    ]
    fresh = [
        Wallet(program, 0, 0, 0, _first(tiers.get(program.id, ())), tiers.get(program.id, ()))
        for program in running
        if program.id not in known
    ]
    return found + fresh


@dataclass(frozen=True)
class Unmoved:
    """Something that moved no points, so that no entry tells of it, and why."""

    at: datetime
    title: Text
    steps: Sequence[str]


def unmoved(customer_id: str, program_id: str, limit: int) -> list[Unmoved]:
    """Purchases that gave nothing, and returns that took or gave nothing; the newest first."""
    bought = db.session.scalars(
        select(Purchase)
        .where(
            Purchase.customer_id == customer_id,
            Purchase.program_id == program_id,
            Purchase.points == 0,
        )
        .order_by(Purchase.occurred_at.desc(), Purchase.id.desc())
        .limit(limit)
    )
    found = [Unmoved(one.occurred_at, _("A purchase"), one.why.steps) for one in bought]
    for back in ledger.silent_returns(customer_id, program_id, limit):
        title = (
            _("A reward that came back")
            if back.source_kind == "redemption_back"
            else _("A purchase taken back")
        )
        found.append(Unmoved(back.occurred_at, title, back.why.steps))
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def open_redemptions(customer_id: str, at: datetime) -> Sequence[RewardRedemption]:
    """Requests that are under way, and those that ended a moment ago; the newest first."""
    ended_at = func.coalesce(RewardRedemption.closed_at, RewardRedemption.fulfilled_at)
    statement = (
        select(RewardRedemption)
        .where(
            RewardRedemption.customer_id == customer_id,
            or_(in_state(*OPEN), ended_at > at - JUST_NOW),
        )
        .options(joinedload(RewardRedemption.reward))
        .order_by(RewardRedemption.requested_at.desc(), RewardRedemption.id.desc())
        .limit(MOST_OPEN)
    )
    return db.session.scalars(history(statement)).all()


def own_redemption(redemption_id: str, customer_id: str) -> RewardRedemption:
    """A redemption of this customer. Anybody else's is not found."""
    statement = (
        select(RewardRedemption)
        .where(RewardRedemption.id == redemption_id, RewardRedemption.customer_id == customer_id)
        .options(joinedload(RewardRedemption.reward))
        .execution_options(populate_existing=True)
    )
    found = db.session.scalar(history(statement))
    if found is None:
        raise NotFound
    return found


def last_step(redemption_id: str) -> RedemptionEvent | None:
    """The latest thing that happened to it: who ended it, and why."""
    return db.session.scalar(
        select(RedemptionEvent)
        .where(RedemptionEvent.redemption_id == redemption_id)
        .order_by(RedemptionEvent.occurred_at.desc(), RedemptionEvent.id.desc())
        .limit(1)
    )


def past_redemptions(customer_id: str, limit: int = 25) -> Sequence[RewardRedemption]:
    statement = (
        select(RewardRedemption)
        .where(
            RewardRedemption.customer_id == customer_id,
            not_(in_state(*OPEN)),
        )
        .options(joinedload(RewardRedemption.reward))
        .order_by(RewardRedemption.requested_at.desc(), RewardRedemption.id.desc())
        .limit(limit)
    )
    return db.session.scalars(history(statement)).all()


def shop_window(at: datetime, limit: int = 4) -> Sequence[Reward]:
    """A few rewards anybody could have, the easiest to reach first."""
    return db.session.scalars(
        select(Reward)
        .where(
            Reward.status == RewardStatus.ACTIVE,
            Reward.segment_id.is_(None),
            or_(Reward.current_stock.is_(None), Reward.current_stock > 0),
            or_(Reward.start_date.is_(None), Reward.start_date <= at),
            or_(Reward.end_date.is_(None), Reward.end_date > at),
        )
        .order_by(Reward.points_cost, Reward.name, Reward.id)
        .limit(limit)
    ).all()


def is_waiting(redemptions: Sequence[RewardRedemption]) -> bool:
    """Whether anything can still change, so that the page keeps asking."""
    return any(redemption.is_open for redemption in redemptions)


def step_of(status: RedemptionStatus) -> int:
    """How far on the way asked, approved, handed over."""
    return {RedemptionStatus.PENDING: 1, RedemptionStatus.APPROVED: 2}.get(status, 3)


def _is_shown(standing: ledger.Standing) -> bool:
    running = standing.program.status in (ProgramStatus.ACTIVE, ProgramStatus.PAUSED)
    living = running and not standing.program.is_deleted
    return living or standing.spendable > 0 or standing.pending > 0


def _tiers_of(program_ids: list[str]) -> dict[str, list[LoyaltyTier]]:
    found: dict[str, list[LoyaltyTier]] = {}
    for tier in db.session.scalars(
        select(LoyaltyTier)
        .where(LoyaltyTier.program_id.in_(program_ids))
        .order_by(LoyaltyTier.required_points)
    ):
        found.setdefault(tier.program_id, []).append(tier)
    return found


def _first(tiers: Sequence[LoyaltyTier]) -> LoyaltyTier | None:
    """The tier everybody begins in, where there is one."""
    return tiers[0] if tiers and tiers[0].required_points == 0 else None
