"""Whether a customer can have a reward now; if not, why and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.earning.held import held_tier_id
from nxloy_web.earning.programs import default_program
from nxloy_web.ledger.reads import spendable_now
from nxloy_web.ledger.service import NotEnoughPoints
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward, RewardStatus
from nxloy_web.tables.segments import CustomerSegmentMember
from nxloy_web.texts import Text, _, ngettext
from nxloy_web.units import unit_of
from nxloy_web.wording import PLAIN, Wording

COUNTED = (RedemptionStatus.PENDING, RedemptionStatus.APPROVED, RedemptionStatus.FULFILLED)
"""Redemptions that use up a customer's share; what was given back does not."""


@dataclass(frozen=True)
class Availability:
    """Yes, or the reason why not in one sentence."""

    ok: bool
    reason: Text | None = None
    missing: int = 0
    """How many points are missing, when points are the reason."""


@dataclass(frozen=True)
class Offer:
    """A reward as one customer sees it."""

    reward: Reward
    availability: Availability


@dataclass(frozen=True)
class Facts:
    """What of a customer decides about one reward."""

    spendable: int = 0
    tier_required_points: int | None = None
    """The threshold of the tier the customer has; None without a tier."""
    taken_before: int = 0
    in_segment: bool = False


def availability(
    reward: Reward,
    *,
    spendable: int,
    tier_required_points: int | None,
    taken_before: int,
    in_segment: bool,
    at: datetime,
    wording: Wording = PLAIN,
) -> Availability:
    """Decide from the facts. The reward comes with its program and tier loaded.

    What nobody can change is said before what the customer can do something about, and missing
    points come last.
    """
    reason = (
        _not_offered(reward, at, wording)
        or _tier_too_low(reward, tier_required_points)
        or _outside(reward, in_segment)
        or _share_used_up(reward, taken_before)
    )
    if reason:
        return Availability(False, reason)
    missing = reward.points_cost - spendable
    if missing > 0:
        refusal = NotEnoughPoints(missing, unit_of(reward.program, missing))
        return Availability(False, refusal.message, missing)
    return Availability(True)


def offers_for(customer_id: str, at: datetime) -> list[Offer]:
    """Every reward that is shown to a customer: what they can have first, then the cheapest."""
    customer = find(Customer, customer_id)
    rewards = db.session.scalars(
        select(Reward)
        .where(
            Reward.status.in_((RewardStatus.ACTIVE, RewardStatus.OUT_OF_STOCK)),
            or_(Reward.end_date.is_(None), Reward.end_date > at),
        )
        .options(joinedload(Reward.program), joinedload(Reward.tier))
    ).all()
    facts = facts_for(customer_id, rewards, at)
    wording = current_wording()
    offers = [
        Offer(
            reward,
            Availability(False, _("This card is blocked. Ask in the shop."))
            if customer.is_blocked
            else judge(reward, facts[reward.id], at, wording),
        )
        for reward in rewards
        if reward.program is None or reward.program.status is ProgramStatus.ACTIVE
    ]
    return sorted(
        offers,
        key=lambda offer: (
            not offer.availability.ok,
            offer.reward.points_cost,
            offer.reward.name,
            offer.reward.id,
        ),
    )


def judge(reward: Reward, facts: Facts, at: datetime, wording: Wording) -> Availability:
    return availability(
        reward,
        spendable=facts.spendable,
        tier_required_points=facts.tier_required_points,
        taken_before=facts.taken_before,
        in_segment=facts.in_segment,
        at=at,
        wording=wording,
    )


def facts_for(customer_id: str, rewards: Sequence[Reward], at: datetime) -> dict[str, Facts]:
    """What decides about each of these rewards, in at most four reads for all of them together."""
    fallback = default_program() if any(row.program_id is None for row in rewards) else None
    balances = {
        program_id: (spendable, required)
        for program_id, spendable, required in db.session.execute(
            select(
                LoyaltyProgram.id,
                func.coalesce(spendable_now(at), 0),
                LoyaltyTier.required_points,
            )
            .outerjoin(
                CustomerBalance,
                and_(
                    CustomerBalance.program_id == LoyaltyProgram.id,
                    CustomerBalance.customer_id == customer_id,
                ),
            )
            .outerjoin(LoyaltyTier, LoyaltyTier.id == held_tier_id(at, LoyaltyProgram.id))
        )
    }
    default_id = fallback.id if fallback else ""
    figures = {row.id: balances.get(row.program_id or default_id, (0, None)) for row in rewards}
    return facts_with(customer_id, rewards, figures)


def facts_with(
    customer_id: str, rewards: Sequence[Reward], figures: Mapping[str, tuple[int, int | None]]
) -> dict[str, Facts]:
    """The same where the balances are known already: per reward what can be spent, and the
    threshold of the tier."""
    taken = _taken(customer_id) if any(row.max_per_user is not None for row in rewards) else {}
    segments = _segments_of(customer_id) if any(row.segment_id for row in rewards) else set()
    return {
        reward.id: Facts(
            spendable=figures[reward.id][0],
            tier_required_points=figures[reward.id][1],
            taken_before=taken.get(reward.id, 0),
            in_segment=reward.segment_id in segments,
        )
        for reward in rewards
    }


def _taken(customer_id: str) -> dict[str, int]:
    counts = db.session.execute(
        select(RewardRedemption.reward_id, func.count())
        .where(
            RewardRedemption.customer_id == customer_id,
            RewardRedemption.status.in_(COUNTED),
        )
        .group_by(RewardRedemption.reward_id)
    )
    return {row[0]: row[1] for row in counts}


def _segments_of(customer_id: str) -> set[str]:
    return set(
        db.session.scalars(
            select(CustomerSegmentMember.segment_id).where(
                CustomerSegmentMember.customer_id == customer_id
            )
        )
    )


def _not_offered(reward: Reward, at: datetime, wording: Wording) -> Text | None:
    if reward.is_deleted or reward.status in (
        RewardStatus.DRAFT,
        RewardStatus.INACTIVE,
        RewardStatus.ARCHIVED,
    ):
        return _("%(reward)s is not offered at the moment.", reward=reward.name)
    program: LoyaltyProgram | None = reward.program
    if program is not None and program.status is not ProgramStatus.ACTIVE:
        return _(
            "%(reward)s is not offered while %(program)s is not running.",
            reward=reward.name,
            program=program.name,
        )
    if reward.start_date is not None and reward.start_date > at:
        return _(
            "%(reward)s is offered from %(day)s.",
            reward=reward.name,
            day=wording.full_day(reward.start_date),
        )
    if reward.end_date is not None and reward.end_date <= at:
        return _("%(reward)s is not offered any more.", reward=reward.name)
    if reward.current_stock == 0:
        return _("%(reward)s is out of stock.", reward=reward.name)
    return None


def _tier_too_low(reward: Reward, tier_required_points: int | None) -> Text | None:
    tier = reward.tier
    if tier is None or (
        tier_required_points is not None and tier_required_points >= tier.required_points
    ):
        return None
    return _("Only for %(tier)s and higher.", tier=tier.name)


def _outside(reward: Reward, in_segment: bool) -> Text | None:
    if reward.segment_id is None or in_segment:
        return None
    return _("Only for a chosen group of customers.")


def _share_used_up(reward: Reward, taken_before: int) -> Text | None:
    if reward.max_per_user is None or taken_before < reward.max_per_user:
        return None
    if reward.max_per_user == 2:
        return _("Each customer can have this twice.")
    return ngettext(
        "Each customer can have this once.",
        "Each customer can have this %(num)s times.",
        reward.max_per_user,
    )
