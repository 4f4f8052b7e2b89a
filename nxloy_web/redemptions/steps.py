"""One step of a redemption: it is locked, moves on, and is remembered.

Locks are taken in one order: the redemption, the balance, the reward, then inserts. Whoever comes
second reads what the first one did.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.db.session import history
from nxloy_web.events import EventName
from nxloy_web.ledger import limits
from nxloy_web.redemptions import who_was_first
from nxloy_web.redemptions.who_was_first import AlreadyDecided
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.redemptions import RedemptionEvent, RedemptionStatus, RewardRedemption

Status = RedemptionStatus

UNDONE = "The hand-over was undone"

_HAPPENED: dict[Status, EventName] = {
    Status.APPROVED: "redemption.approved",
    Status.FULFILLED: "redemption.fulfilled",
    Status.CANCELLED: "redemption.cancelled",
    Status.REFUNDED: "redemption.refunded",
    Status.EXPIRED: "redemption.expired",
}


def lock(redemption_id: str) -> RewardRedemption:
    return find(RewardRedemption, redemption_id, lock=True)


def lock_to_decide(redemption_id: str, by: Actor) -> tuple[RewardRedemption, Actor]:
    """With who decides: nobody does for themselves. Raises OwnPoints."""
    redemption = lock(redemption_id)
    owner = db.session.scalar(history(select(Customer).filter_by(id=redemption.customer_id)))
    assert owner is not None
    return redemption, limits.not_for_themselves(by, owner)


def was_pressed(redemption: RewardRedemption, to: Status, by: Actor) -> bool:
    """Whether this very person did this already: the button was pressed twice."""
    if redemption.status is not to or by.user_id is None:
        return False
    event = who_was_first.last_event(redemption)
    return event is not None and event.by_user_id == by.user_id


def refuse_second(
    redemption: RewardRedemption, allowed: Iterable[Status], version: int | None, at: datetime
) -> None:
    if redemption.status not in allowed or version not in (None, redemption.version):
        raise AlreadyDecided(who_was_first.what_happened(redemption, at))


def move(
    redemption: RewardRedemption,
    to: Status,
    *,
    by: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    before = redemption.status
    redemption.status = to
    if to is Status.APPROVED:
        redemption.approved_at = at
    elif to is Status.FULFILLED:
        redemption.fulfilled_at = at
    else:
        redemption.closed_at = at
    remember(redemption, before, _HAPPENED[to], by, at, reason)


def undo_handover(redemption: RewardRedemption, *, by: Actor, at: datetime) -> None:
    """Back to where it was: its approval is as old as before, and its code is good again."""
    redemption.status, redemption.fulfilled_at = Status.APPROVED, None
    happened: EventName = "redemption.handover_undone"
    remember(redemption, Status.FULFILLED, happened, by, at, UNDONE)


def remember(
    redemption: RewardRedemption,
    before: Status | None,
    happened: EventName,
    by: Actor,
    at: datetime,
    reason: str | None = None,
) -> None:
    """The step for the redemption's story, and for everybody who wants to hear of it."""
    db.session.add(
        RedemptionEvent(
            id=new_id(),
            redemption_id=redemption.id,
            from_status=before,
            to_status=redemption.status,
            by_user_id=by.user_id,
            reason=reason,
            occurred_at=at,
        )
    )
    db.session.flush()
    events.happened(
        happened,
        redemption,
        by=by,
        before=None if before is None else {"status": before},
        after={"status": redemption.status} | ({"reason": reason} if reason else {}),
        at=at,
    )
