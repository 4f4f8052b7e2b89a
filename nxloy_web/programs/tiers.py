"""What a merchant does with the tiers of a program."""

from datetime import datetime
from typing import Literal

from sqlalchemy import exists, func, select, update

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, put
from nxloy_web.db.refusals import check_version, refusing
from nxloy_web.db.rows import bring_back, find, insert_once
from nxloy_web.db.session import WITH_DELETED
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.jobs import enqueue
from nxloy_web.permissions import Permission
from nxloy_web.programs.facts import TierFacts
from nxloy_web.programs.placing import place
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _

NO_TIER = "none"


class TierNameTaken(BusinessRule):
    message = _("This program has a tier of this name already.")


class ThresholdTaken(BusinessRule):
    message = _("Another tier of this program starts at the same points.")


class MembersNeedAPlace(BusinessRule):
    message = _("Customers are in this tier. Say where they go.")


class OnlySiblings(BusinessRule):
    message = _("Members can only move to another tier of the same program.")


_REFUSALS = {
    "uq_loyalty_tiers_name": TierNameTaken(),
    "uq_loyalty_tiers_required_points": ThresholdTaken(),
}


def create(id: str, facts: TierFacts, *, program_id: str, by: Actor, at: datetime) -> LoyaltyTier:
    """Add a tier; who has the points for it already moves up in the background."""
    by.needs(Permission.PROGRAMS_EDIT)
    find(LoyaltyProgram, program_id)
    with refusing(_REFUSALS):
        tier, made = insert_once(LoyaltyTier(id=id, program_id=program_id, **columns(facts)))
    if made:
        events.happened("tier.created", tier, by=by, after=columns(facts), at=at)
        enqueue(place, program_id=program_id)
    return tier


def edit(
    tier_id: str, facts: TierFacts, *, version: int | None, by: Actor, at: datetime
) -> LoyaltyTier:
    by.needs(Permission.PROGRAMS_EDIT)
    tier = find(LoyaltyTier, tier_id, lock=True)
    before, after = changes(tier, facts)
    if not after:
        return tier
    check_version(tier, version)
    with refusing(_REFUSALS):
        put(tier, facts)
    events.happened("tier.edited", tier, by=by, before=before, after=after, at=at)
    if "required_points" in after:
        enqueue(place, program_id=tier.program_id)
    return tier


def move(tier_id: str, direction: Literal["up", "down"], *, by: Actor, at: datetime) -> LoyaltyTier:
    """Swap thresholds with the tier before or after it; the lowest comes first. At either end
    nothing happens."""
    by.needs(Permission.PROGRAMS_EDIT)
    tier = find(LoyaltyTier, tier_id)
    tiers = list(
        db.session.scalars(
            select(LoyaltyTier)
            .where(LoyaltyTier.program_id == tier.program_id)
            .order_by(LoyaltyTier.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )
    tiers.sort(key=lambda row: row.required_points)
    place_of = tiers.index(tier) + (-1 if direction == "up" else 1)
    if not 0 <= place_of < len(tiers):
        return tier
    other = tiers[place_of]
    before = {"required_points": tier.required_points}
    swapped = other.required_points, tier.required_points
    # The threshold is unique at every moment, so one of the two steps aside first.
    tier.required_points = tiers[-1].required_points + 1
    db.session.flush()
    other.required_points = swapped[1]
    db.session.flush()
    tier.required_points = swapped[0]
    db.session.flush()
    after = {"required_points": swapped[0]}
    events.happened("tier.moved", tier, by=by, before=before, after=after, at=at)
    events.happened("tier.moved", other, by=by, before=after, after=before, at=at)
    enqueue(place, program_id=tier.program_id)
    return tier


def delete(tier_id: str, *, members_to: str | None, by: Actor, at: datetime) -> LoyaltyTier:
    """Mark a tier as deleted. Its members, and rewards that ask for it, go to `members_to`: the
    id of another tier of the program, or NO_TIER."""
    by.needs(Permission.PROGRAMS_EDIT)
    tier = _hold(tier_id)
    if not members_to and has_members(tier_id):
        raise MembersNeedAPlace
    target = None
    if members_to and members_to != NO_TIER:
        target = find(LoyaltyTier, members_to)
        if target.program_id != tier.program_id or target.id == tier.id:
            raise OnlySiblings
    target_id = None if target is None else target.id
    moved = _repoint(tier_id, target_id, at)
    db.session.delete(tier)
    db.session.flush()
    events.happened(
        "tier.deleted", tier, by=by, after={"members_moved": moved, "members_to": target_id}, at=at
    )
    return tier


def restore(tier_id: str, *, by: Actor, at: datetime) -> LoyaltyTier:
    """Bring a deleted tier back. Members who moved stay; who has the points moves up again."""
    by.needs(Permission.PROGRAMS_EDIT)
    tier = find(LoyaltyTier, tier_id, lock=True, deleted_too=True)
    find(LoyaltyProgram, tier.program_id)
    refusals = {
        "uq_loyalty_tiers_name": TierNameTaken(
            _(
                "A tier called %(name)s exists by now. Rename it, then restore this one.",
                name=tier.name,
            )
        ),
        "uq_loyalty_tiers_required_points": ThresholdTaken(
            _(
                "Another tier starts at %(points)s by now. Change it, then restore this one.",
                points=tier.required_points,
            )
        ),
    }
    if bring_back(tier, refusals):
        events.happened("tier.restored", tier, by=by, at=at)
        enqueue(place, program_id=tier.program_id)
    return tier


def has_members(tier_id: str) -> bool:
    return bool(db.session.scalar(select(exists().where(CustomerBalance.tier_id == tier_id))))


def _hold(tier_id: str) -> LoyaltyTier:
    """The tier, kept from other edits only: a purchase that puts somebody into it holds that
    balance and looks at the tier, so a full lock here could wait for it and it for us."""
    tier = db.session.scalar(
        select(LoyaltyTier)
        .where(LoyaltyTier.id == tier_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if tier is None:
        raise NotFound
    return tier


def _repoint(tier_id: str, target_id: str | None, at: datetime) -> int:
    """Move everything that names the tier to another one. Balances are locked by id, as
    everywhere, so that a purchase at the counter waits instead of deadlocking."""
    locked = (
        select(CustomerBalance.id)
        .where(CustomerBalance.tier_id == tier_id)
        .order_by(CustomerBalance.id)
        .with_for_update()
        .cte("locked")
    )
    moved = db.session.execute(
        update(CustomerBalance)
        .where(CustomerBalance.id.in_(select(locked.c.id)))
        .values(tier_id=target_id, tier_since_at=at),
        execution_options={"synchronize_session": False},
    )
    db.session.execute(
        update(Reward)
        .where(Reward.tier_id == tier_id)
        .values(tier_id=target_id, version=Reward.version + 1, updated_at=func.now()),
        execution_options={"synchronize_session": False, WITH_DELETED: True},
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]
