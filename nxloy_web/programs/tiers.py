"""What a merchant does with the tiers of a program."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal

from sqlalchemy import exists, func, or_, select, update

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, put
from nxloy_web.db.ids import new_id
from nxloy_web.db.refusals import check_version, refusing
from nxloy_web.db.rows import bring_back, find, insert_once
from nxloy_web.db.session import WITH_DELETED, history
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.permissions import Permission
from nxloy_web.programs import moving
from nxloy_web.programs.facts import TierFacts
from nxloy_web.programs.placing import carry_out, lock_program
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, TierChange
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


class HeldByHand(BusinessRule):
    message = _(
        "Customers are kept in this tier by hand. End that on their pages first, or set them into"
        " another one."
    )


class OnlySiblings(BusinessRule):
    message = _("Members can only move to another tier of the same program.")


_REFUSALS = {
    "uq_loyalty_tiers_name": TierNameTaken(),
    "uq_loyalty_tiers_required_points": ThresholdTaken(),
}


def create(
    id: str, facts: TierFacts, *, program_id: str, shown: str = "", by: Actor, at: datetime
) -> LoyaltyTier:
    """Add a tier; who has the points for it already moves up. Raises MovesPeople unless `shown`
    is the signature of who moves."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = lock_program(program_id)
    with db.session.begin_nested():
        with refusing(_REFUSALS):
            tier, made = insert_once(LoyaltyTier(id=id, program_id=program_id, **columns(facts)))
        if made:
            events.happened("tier.created", tier, by=by, after=columns(facts), at=at)
            change = TierChange(id=new_id(), kind="created", at=at, tier_id=id)
            carry_out(program, change, shown=shown, by=by)
    return tier


def edit(
    tier_id: str,
    facts: TierFacts,
    *,
    version: int | None,
    shown: str = "",
    takes_down: bool = False,
    by: Actor,
    at: datetime,
) -> LoyaltyTier:
    """Change a tier. A lower threshold moves people up; with `takes_down` a higher one moves
    those down who do not reach it, else they keep the tier. Raises MovesPeople as `create`."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = lock_program(find(LoyaltyTier, tier_id).program_id)
    tier = _hold(tier_id)
    before, after = changes(tier, facts)
    if not after:
        return tier
    check_version(tier, version)
    with db.session.begin_nested():
        with refusing(_REFUSALS):
            put(tier, facts)
        events.happened("tier.edited", tier, by=by, before=before, after=after, at=at)
        if "required_points" in after:
            thresholds = {tier_id: (before["required_points"], after["required_points"])}
            _move_people(program, "edited", thresholds, shown, takes_down, by, at)
    return tier


def move(
    tier_id: str,
    direction: Literal["up", "down"],
    *,
    shown: str = "",
    takes_down: bool = False,
    by: Actor,
    at: datetime,
) -> LoyaltyTier:
    """Swap thresholds with the tier before or after it; the lowest comes first. At either end
    nothing happens. Raises MovesPeople as `create`."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = lock_program(find(LoyaltyTier, tier_id).program_id)
    tiers = _ladder(program.id)
    tier = next(one for one in tiers if one.id == tier_id)
    place_of = tiers.index(tier) + (-1 if direction == "up" else 1)
    if not 0 <= place_of < len(tiers):
        return tier
    other = tiers[place_of]
    with db.session.begin_nested():
        thresholds = {
            tier.id: (tier.required_points, other.required_points),
            other.id: (other.required_points, tier.required_points),
        }
        put_thresholds(tiers, {one: after for one, (_before, after) in thresholds.items()})
        for moved in (tier, other):
            was, now = ({"required_points": points} for points in thresholds[moved.id])
            events.happened("tier.moved", moved, by=by, before=was, after=now, at=at)
        _move_people(program, "swapped", thresholds, shown, takes_down, by, at)
    return tier


def delete(
    tier_id: str, *, members_to: str | None, shown: str = "", by: Actor, at: datetime
) -> LoyaltyTier:
    """Mark a tier as deleted. Its members, and rewards that ask for it, go to `members_to`: the
    id of another tier of the program, or NO_TIER. Raises MovesPeople as `create`,
    and HeldByHand."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = lock_program(find(LoyaltyTier, tier_id).program_id)
    tier = _hold(tier_id)
    if _is_held_by_hand(tier_id, at):
        raise HeldByHand
    if not members_to and has_members(tier_id):
        raise MembersNeedAPlace
    target = None
    if members_to and members_to != NO_TIER:
        target = find(LoyaltyTier, members_to)
        if target.program_id != tier.program_id or target.id == tier.id:
            raise OnlySiblings
    target_id = None if target is None else target.id
    with db.session.begin_nested():
        change = TierChange(
            id=new_id(),
            kind="deleted",
            at=at,
            tier_id=tier_id,
            members_to=target_id,
            reward_ids=_repoint_rewards(tier_id, target_id),
        )
        moved = members_of(tier_id)
        carry_out(program, change, shown=shown, by=by, rows=moving.leaving(tier, target))
        db.session.delete(tier)
        db.session.flush()
        after = {"members_moved": moved, "members_to": target_id}
        events.happened("tier.deleted", tier, by=by, after=after, at=at)
    return tier


def restore(tier_id: str, *, shown: str = "", by: Actor, at: datetime) -> LoyaltyTier:
    """Bring a deleted tier back. Who has the points for it moves up. Raises MovesPeople as
    `create`."""
    by.needs(Permission.PROGRAMS_EDIT)
    found = find(LoyaltyTier, tier_id, deleted_too=True)
    program = lock_program(found.program_id)
    tier = _hold(tier_id, deleted_too=True)
    with db.session.begin_nested():
        if bring_back(tier, taken_meanwhile(tier)):
            events.happened("tier.restored", tier, by=by, at=at)
            change = TierChange(id=new_id(), kind="restored", at=at, tier_id=tier_id)
            carry_out(program, change, shown=shown, by=by)
    return tier


def reassess(program_id: str, *, shown: str = "", by: Actor, at: datetime) -> LoyaltyProgram:
    """Give everybody the tier their points reach today, downwards too. Raises MovesPeople as
    `create`."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = lock_program(program_id)
    change = TierChange(id=new_id(), kind="reassessed", at=at, down_from=None)
    carry_out(program, change, shown=shown, by=by)
    after = {"customers": who_moved(program)}
    if after["customers"]:
        events.happened("program.tiers_reassessed", program, by=by, at=at, after=after)
    return program


def who_moved(program: LoyaltyProgram) -> int:
    change = program.last_tier_change
    return 0 if change is None else change.up + change.down


def taken_meanwhile(tier: LoyaltyTier) -> dict[str, BusinessRule]:
    """What a tier that comes back may meet."""
    return {
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


def put_thresholds(tiers: Sequence[LoyaltyTier], thresholds: Mapping[str, int]) -> None:
    """Write thresholds of several tiers at once."""
    # A threshold is unique at every moment, so the tiers step aside first.
    beyond = max(tier.required_points for tier in tiers)
    changed = [tier for tier in tiers if tier.id in thresholds]
    for number, tier in enumerate(changed, start=1):
        tier.required_points = beyond + number
    db.session.flush()
    for tier in changed:
        tier.required_points = thresholds[tier.id]
        db.session.flush()


def _ladder(program_id: str) -> list[LoyaltyTier]:
    """The tiers of a program, held as in `_hold`, lowest first."""
    tiers = db.session.scalars(
        select(LoyaltyTier)
        .where(LoyaltyTier.program_id == program_id)
        .order_by(LoyaltyTier.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return sorted(tiers, key=lambda row: row.required_points)


def _move_people(
    program: LoyaltyProgram,
    kind: Literal["edited", "swapped"],
    thresholds: dict[str, tuple[int, int]],
    shown: str,
    takes_down: bool,
    by: Actor,
    at: datetime,
) -> None:
    higher = [tier_id for tier_id, (before, after) in thresholds.items() if after > before]
    change = TierChange(
        id=new_id(),
        kind=kind,
        at=at,
        thresholds=thresholds,
        down_from=higher if takes_down else [],
    )
    carry_out(program, change, shown=shown, by=by, seen=moving.Scope(program.id, higher))


def has_members(tier_id: str) -> bool:
    return bool(db.session.scalar(select(exists().where(CustomerBalance.tier_id == tier_id))))


def _is_held_by_hand(tier_id: str, at: datetime) -> bool:
    until = CustomerBalance.hand_tier_until
    rows = exists().where(CustomerBalance.hand_tier_id == tier_id, or_(until.is_(None), until > at))
    return bool(db.session.scalar(select(rows)))


def members_of(tier_id: str) -> int:
    rows = select(func.count()).where(CustomerBalance.tier_id == tier_id)
    return db.session.scalar(rows) or 0


def _hold(tier_id: str, *, deleted_too: bool = False) -> LoyaltyTier:
    """The tier, kept from other edits only: a purchase that puts somebody into it holds that
    balance and looks at the tier, so a full lock here could wait for it and it for us."""
    statement = (
        select(LoyaltyTier)
        .where(LoyaltyTier.id == tier_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    tier = db.session.scalar(history(statement) if deleted_too else statement)
    if tier is None:
        raise NotFound
    return tier


def _repoint_rewards(tier_id: str, target_id: str | None) -> list[str]:
    """Let rewards ask for another tier; their ids."""
    return list(
        db.session.scalars(
            update(Reward)
            .where(Reward.tier_id == tier_id)
            .values(tier_id=target_id, version=Reward.version + 1, updated_at=func.now())
            .returning(Reward.id),
            execution_options={"synchronize_session": False, WITH_DELETED: True},
        )
    )
