"""Taking back the latest change of a program's tiers: thresholds and members as they were."""

from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.rows import bring_back, find, write_past_version
from nxloy_web.db.session import WITH_DELETED
from nxloy_web.errors import BusinessRule
from nxloy_web.jobs import enqueue
from nxloy_web.permissions import Permission
from nxloy_web.programs import placing
from nxloy_web.programs.tiers import put_thresholds, taken_meanwhile
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, TierChange
from nxloy_web.tables.rewards import Reward
from nxloy_web.texts import _

UNDO_FOR = timedelta(days=30)


class ChangedSince(BusinessRule):
    message = _("The tiers have been changed again since. Only the latest change can be undone.")


class TooLateToUndo(BusinessRule):
    message = _("A change of tiers can be undone for 30 days.")


class RewardsAskForTier(BusinessRule):
    message = _("A reward asks for this tier by now. Delete the tier to say what becomes of it.")


def undoable(program: LoyaltyProgram, at: datetime) -> TierChange | None:
    """The change that can be taken back now."""
    change = program.last_tier_change
    if change is None or change.is_undone or at - change.at > UNDO_FOR:
        return None
    return change


def undo(program_id: str, change_id: str, *, by: Actor, at: datetime) -> LoyaltyProgram:
    """Put thresholds and members back as they were before the change. Whoever has moved on since
    by a purchase keeps what that gave, as far as the thresholds of now give it. Pressed twice,
    nothing more happens."""
    by.needs(Permission.PROGRAMS_EDIT)
    program = placing.lock_program(program_id)
    change = program.last_tier_change
    if change is None or change.id != change_id:
        raise ChangedSince
    if change.is_undone:
        return program
    if undoable(program, at) is None:
        raise TooLateToUndo
    _put_back_tiers(program, change)
    write_past_version(program, last_tier_change=change.model_copy(update={"is_undone": True}))
    moved = placing.go_on(program, by=by, at=at)
    after = {"kind": change.kind, "customers": moved.back}
    events.happened("program.tier_change_undone", program, by=by, at=at, after=after)
    enqueue(placing.place, program_id=program_id)
    return program


def _put_back_tiers(program: LoyaltyProgram, change: TierChange) -> None:
    if change.thresholds:
        tiers = db.session.scalars(
            select(LoyaltyTier).where(LoyaltyTier.program_id == program.id)
        ).all()
        put_thresholds(tiers, {one: before for one, (before, _after) in change.thresholds.items()})
    if change.tier_id is None:
        return
    tier = find(LoyaltyTier, change.tier_id, deleted_too=True)
    if change.kind == "deleted":
        bring_back(tier, taken_meanwhile(tier))
        db.session.execute(
            update(Reward)
            .where(
                Reward.id.in_(change.reward_ids),
                Reward.tier_id.is_not_distinct_from(change.members_to),
            )
            .values(tier_id=tier.id, version=Reward.version + 1, updated_at=func.now()),
            execution_options={"synchronize_session": False, WITH_DELETED: True},
        )
    elif not tier.is_deleted:
        if db.session.scalar(select(exists().where(Reward.tier_id == tier.id))):
            raise RewardsAskForTier
        db.session.delete(tier)
    db.session.flush()
