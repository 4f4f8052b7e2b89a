"""What a merchant does with rewards. Stock has its own verbs in `stock`."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, facts_of, put
from nxloy_web.db.refusals import check_version
from nxloy_web.db.rows import already, bring_back, find, insert_once
from nxloy_web.errors import BusinessRule, FormUsed
from nxloy_web.events import EventName
from nxloy_web.permissions import Permission
from nxloy_web.rewards import stock
from nxloy_web.rewards.facts import RewardFacts
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.rewards import Reward, RewardStatus
from nxloy_web.texts import _

S = RewardStatus
FOLLOWS: dict[RewardStatus, tuple[RewardStatus, ...]] = {
    S.ACTIVE: (S.DRAFT, S.INACTIVE),
    S.INACTIVE: (S.ACTIVE, S.OUT_OF_STOCK, S.ARCHIVED),
    S.ARCHIVED: (S.DRAFT, S.ACTIVE, S.OUT_OF_STOCK, S.INACTIVE),
}
"""Which states may become this one by hand. Only stock turns ACTIVE into OUT_OF_STOCK and back."""


class WrongStatus(BusinessRule):
    message = _("The reward is not in a state for this. Look at it again.")


class ProgramGone(BusinessRule):
    message = _("The program that pays for this reward is deleted. Restore that first.")


def create(
    id: str,
    facts: RewardFacts,
    *,
    currency: str,
    in_stock: int | None,
    offer: bool,
    by: Actor,
    at: datetime,
) -> Reward:
    """Add a reward: as a draft, or at once on offer. `in_stock` None is unlimited."""
    by.needs(Permission.REWARDS_EDIT)
    before = already(Reward, id, total_stock=in_stock, **columns(facts))
    if before is not None:
        if offer == (before.status is S.DRAFT):
            raise FormUsed
        return before
    empty = None if in_stock is None else 0
    reward, made = insert_once(
        Reward(id=id, currency=currency, current_stock=empty, total_stock=empty, **columns(facts)),
        drawn=("current_stock", "total_stock"),
    )
    if not made:
        return reward
    events.happened("reward.created", reward, by=by, after=columns(facts), at=at)
    if in_stock:
        stock.add(id, in_stock, reason="First stock", by=by, at=at)
    if offer:
        change_status(id, S.ACTIVE, by=by, at=at)
    return reward


def edit(
    reward_id: str, facts: RewardFacts, *, version: int | None, by: Actor, at: datetime
) -> Reward:
    by.needs(Permission.REWARDS_EDIT)
    reward = find(Reward, reward_id, lock=True)
    before, after = changes(reward, facts)
    if not after:
        return reward
    check_version(reward, version)
    put(reward, facts)
    db.session.flush()
    events.happened("reward.edited", reward, by=by, before=before, after=after, at=at)
    return reward


def duplicate(reward_id: str, *, id: str, by: Actor, at: datetime) -> Reward:
    """A draft like this reward. Its stock is not copied: nobody has filled that shelf yet."""
    by.needs(Permission.REWARDS_EDIT)
    found = already(Reward, id)
    if found is not None:
        return found
    source = find(Reward, reward_id)
    facts = facts_of(source, RewardFacts)
    return create(
        id,
        replace(facts, name=f"Copy of {source.name}"[:120]),
        currency=source.currency,
        in_stock=None if source.current_stock is None else 0,
        offer=False,
        by=by,
        at=at,
    )


def change_status(reward_id: str, to: RewardStatus, *, by: Actor, at: datetime) -> Reward:
    """Offer, take off offer, or archive. Already there is fine: somebody pressed twice."""
    by.needs(Permission.REWARDS_EDIT)
    reward = find(Reward, reward_id, lock=True)
    was = reward.status
    if was is to or (was, to) == (S.OUT_OF_STOCK, S.ACTIVE):
        return reward
    if was not in FOLLOWS.get(to, ()):
        raise WrongStatus
    reward.status = S.OUT_OF_STOCK if to is S.ACTIVE and reward.current_stock == 0 else to
    db.session.flush()
    after = {"status": reward.status}
    events.happened(_TURNED[to], reward, by=by, before={"status": was}, after=after, at=at)
    return reward


def delete(reward_id: str, *, by: Actor, at: datetime) -> Reward:
    """Mark as deleted: it is not offered any more, and open redemptions stay."""
    by.needs(Permission.REWARDS_EDIT)
    reward = find(Reward, reward_id, lock=True)
    db.session.delete(reward)
    db.session.flush()
    events.happened("reward.deleted", reward, by=by, at=at)
    return reward


def restore(reward_id: str, *, by: Actor, at: datetime) -> Reward:
    by.needs(Permission.REWARDS_EDIT)
    reward = find(Reward, reward_id, lock=True, deleted_too=True)
    if reward.is_deleted and reward.program_id and already_gone(reward.program_id):
        raise ProgramGone
    if bring_back(reward):
        events.happened("reward.restored", reward, by=by, at=at)
    return reward


def already_gone(program_id: str) -> bool:
    living = select(LoyaltyProgram.id).where(LoyaltyProgram.id == program_id)
    return db.session.scalar(living) is None


_TURNED: dict[RewardStatus, EventName] = {
    S.ACTIVE: "reward.offered",
    S.INACTIVE: "reward.taken_off_offer",
    S.ARCHIVED: "reward.archived",
}
