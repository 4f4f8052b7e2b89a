"""The stock of rewards. Every change is a movement with a reason.

The row is locked and changed in place, past its version: a merchant who edits a reward must not
be told that somebody changed it because a customer took one.
"""

from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.sql.base import ExecutableOption

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.locks import held, is_held
from nxloy_web.db.rows import already, write_past_version
from nxloy_web.db.session import history
from nxloy_web.db.tenant import current_business_id
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.permissions import Permission
from nxloy_web.tables.rewards import Reward, RewardStatus, StockMovement, StockMovementKind
from nxloy_web.texts import _

MOST = 1_000_000_000


class OutOfStock(BusinessRule):
    message = _("None of this reward is left.")


class StockUnlimited(BusinessRule):
    message = _("This reward has unlimited stock, so there is nothing to add to.")


class WrongStock(BusinessRule):
    message = _("Write a whole number that a shelf can hold.")


class StockReasonNeeded(BusinessRule):
    message = _("Say why the stock changes.")


def lock(reward_id: str, *loading: ExecutableOption) -> Reward:
    """The reward's row, ours until the transaction ends; deleted ones too. Raises NotFound."""
    reward = db.session.scalar(
        history(
            select(Reward)
            .where(Reward.id == reward_id)
            .options(*loading)
            .with_for_update(of=Reward)
            .execution_options(populate_existing=True)
        )
    )
    if reward is None:
        raise NotFound
    return held(reward)


def take(reward: Reward, *, redemption_id: str, by: Actor) -> Reward:
    """Take one for a new redemption; the last one makes the reward out of stock."""
    reward = reward if is_held(reward) else lock(reward.id)
    if reward.current_stock is None:
        return reward
    if reward.current_stock == 0:
        raise OutOfStock(_("%(reward)s is out of stock.", reward=reward.name))
    return _move(
        reward,
        StockMovementKind.TAKEN,
        current=reward.current_stock - 1,
        reason="Asked for",
        redemption_id=redemption_id,
        by=by,
    )


def put_back(reward: Reward, *, redemption_id: str, by: Actor) -> Reward:
    """Put back what a redemption took: once, and only when stock was counted when it was taken."""
    reward = reward if is_held(reward) else lock(reward.id)
    if reward.current_stock is None or _moved(redemption_id) != {StockMovementKind.TAKEN}:
        return reward
    return _move(
        reward,
        StockMovementKind.RETURNED,
        current=reward.current_stock + 1,
        reason="Given back",
        redemption_id=redemption_id,
        by=by,
    )


def add(
    reward_id: str,
    amount: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    id: str | None = None,
) -> Reward:
    """More of it has come in: total and current rise. `id` makes a second press harmless."""
    by.needs(Permission.REWARDS_EDIT)
    reward = lock(reward_id)
    asked = {"reward_id": reward_id, "kind": StockMovementKind.ADDED, "change": amount}
    if id is not None and already(StockMovement, id, reason=_said(reason), **asked) is not None:
        return reward
    if reward.current_stock is None:
        raise StockUnlimited
    if not 0 < amount <= MOST:
        raise WrongStock
    _move(
        reward,
        StockMovementKind.ADDED,
        current=reward.current_stock + amount,
        reason=_said(reason),
        by=by,
        id=id,
    )
    _audit(reward, amount, reason, by, at)
    return reward


def correct(
    reward_id: str,
    to: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    id: str | None = None,
) -> Reward:
    """Somebody counted: current becomes `to`, and the total moves by the same.

    A reward with unlimited stock is counted from now on.
    """
    by.needs(Permission.REWARDS_EDIT)
    reward = lock(reward_id)
    asked = {"reward_id": reward_id, "kind": StockMovementKind.CORRECTED, "stock_after": to}
    if id is not None and already(StockMovement, id, reason=_said(reason), **asked) is not None:
        return reward
    if not 0 <= to <= MOST:
        raise WrongStock
    before = reward.current_stock
    if before == to:
        return reward
    _move(
        reward,
        StockMovementKind.CORRECTED,
        current=to,
        reason=_said(reason),
        by=by,
        id=id,
    )
    _audit(reward, to - (before or 0), reason, by, at)
    return reward


def unlimit(reward_id: str, *, by: Actor, at: datetime) -> Reward:
    """Stop counting. What redemptions took stays with them."""
    by.needs(Permission.REWARDS_EDIT)
    reward = lock(reward_id)
    if reward.current_stock is None:
        return reward
    before = {"current_stock": reward.current_stock, "total_stock": reward.total_stock}
    is_out = reward.status is RewardStatus.OUT_OF_STOCK
    movement = {
        "id": new_id(),
        "business_id": current_business_id(),
        "reward_id": reward.id,
        "kind": StockMovementKind.UNLIMITED,
        "change": 0,
        "stock_after": None,
        "total_after": None,
        "reason": "Not counted any more",
        "by_user_id": by.user_id,
        "created_at": func.clock_timestamp(),
    }
    write_past_version(
        reward,
        insert(StockMovement).values(movement),
        current_stock=None,
        total_stock=None,
        status=RewardStatus.ACTIVE if is_out else reward.status,
    )
    events.happened(
        "reward.stock_unlimited", reward, by=by, before=before, after={"current_stock": None}, at=at
    )
    return reward


def _move(
    reward: Reward,
    kind: StockMovementKind,
    *,
    current: int,
    reason: str,
    by: Actor,
    redemption_id: str | None = None,
    id: str | None = None,
) -> Reward:
    change = current - (reward.current_stock or 0)
    total = reward.total_stock or 0
    if kind in (StockMovementKind.ADDED, StockMovementKind.CORRECTED):
        total += change
    if total > MOST:
        raise WrongStock
    # What comes back fits, unless the merchant began to count anew meanwhile.
    total = max(total, current)
    movement = {
        "id": id or new_id(),
        "business_id": current_business_id(),
        "reward_id": reward.id,
        "kind": kind,
        "change": change,
        "stock_after": current,
        "total_after": total,
        "reason": reason,
        "redemption_id": redemption_id,
        "by_user_id": by.user_id,
        # Not when the transaction began: who waited for the row began before who had it.
        "created_at": func.clock_timestamp(),
    }
    stock = {
        "current_stock": current,
        "total_stock": total,
        "status": _status(reward.status, current),
    }
    write_past_version(reward, insert(StockMovement).values(movement), **stock)
    return reward


def _status(status: RewardStatus, current: int) -> RewardStatus:
    if status is RewardStatus.ACTIVE and current == 0:
        return RewardStatus.OUT_OF_STOCK
    if status is RewardStatus.OUT_OF_STOCK and current > 0:
        return RewardStatus.ACTIVE
    return status


def _moved(redemption_id: str) -> set[StockMovementKind]:
    """What a redemption did to the stock."""
    kinds = select(StockMovement.kind).where(StockMovement.redemption_id == redemption_id)
    return set(db.session.scalars(kinds))


def _said(reason: str) -> str:
    if not reason.strip():
        raise StockReasonNeeded
    return reason.strip()


def _audit(reward: Reward, change: int, reason: str, by: Actor, at: datetime) -> None:
    after = {"current_stock": reward.current_stock, "change": change, "reason": reason.strip()}
    events.happened("reward.stock_changed", reward, by=by, after=after, at=at)
