"""Every way back gives back points and stock: cancelled, lapsed, or taken back when it was handed
over."""

from datetime import datetime

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.causes import Cause
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import steps, who_was_first
from nxloy_web.rewards import stock
from nxloy_web.tables.points import TransactionType, Why
from nxloy_web.tables.redemptions import OPEN, RedemptionStatus, RewardRedemption
from nxloy_web.texts import _

Status = RedemptionStatus

CHANGED_MIND = "Cancelled by the customer"


class OnlyWaiting(BusinessRule):
    message = _("The shop has said yes already. Ask at the counter if you do not want it any more.")


def cancel(
    redemption_id: str, *, by: Actor, at: datetime, reason: str, version: int | None = None
) -> RewardRedemption:
    """Call it off before it is handed over."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption, by = steps.lock_to_decide(redemption_id, by)
    if steps.was_pressed(redemption, Status.CANCELLED, by):
        return redemption
    steps.refuse_second(redemption, OPEN, version, at)
    _end(redemption, Status.CANCELLED, by=by, at=at, reason=_said(reason))
    return redemption


def change_mind(
    redemption_id: str, *, customer_id: str, by: Actor, at: datetime, version: int | None = None
) -> RewardRedemption:
    """Customers take back what they asked for, while nobody of the team has said yes."""
    by.needs_to_be(customer_id)
    redemption = steps.lock(redemption_id)
    if redemption.customer_id != customer_id:
        raise NotFound
    if steps.was_pressed(redemption, Status.CANCELLED, by):
        return redemption
    if who_was_first.is_approved_by_team(redemption):
        raise OnlyWaiting
    steps.refuse_second(redemption, OPEN, version, at)
    _end(redemption, Status.CANCELLED, by=by, at=at, reason=CHANGED_MIND)
    return redemption


def refund(
    redemption_id: str,
    *,
    by: Actor,
    at: datetime,
    reason: str,
    version: int | None = None,
    restock: bool = True,
) -> RewardRedemption:
    """Take a reward back that was handed over. `restock` False when it cannot go on the shelf."""
    by.needs(Permission.REDEMPTIONS_REFUND)
    redemption, by = steps.lock_to_decide(redemption_id, by)
    if steps.was_pressed(redemption, Status.REFUNDED, by):
        return redemption
    steps.refuse_second(redemption, (Status.FULFILLED,), version, at)
    _end(redemption, Status.REFUNDED, by=by, at=at, reason=_said(reason), restock=restock)
    return redemption


def expire(redemption_id: str, *, at: datetime) -> RewardRedemption:
    """Let an open request lapse when its time is over; else nothing happens."""
    redemption = steps.lock(redemption_id)
    if redemption.status in OPEN and redemption.expires_at <= at:
        _end(redemption, Status.EXPIRED, by=SYSTEM, at=at, reason=None)
    return redemption


def _said(reason: str) -> str:
    if not reason.strip():
        raise ledger.ReasonNeeded
    return reason.strip()


def _end(
    redemption: RewardRedemption,
    to: Status,
    *,
    by: Actor,
    at: datetime,
    reason: str | None,
    restock: bool = True,
) -> None:
    """Close it and give back what was held."""
    if redemption.points_cost and redemption.program_id is not None:
        _give_back(redemption, redemption.program_id, by, at)
    if restock:
        reward = stock.lock(redemption.reward_id)
        stock.put_back(reward, redemption_id=redemption.id, by=by)
    steps.move(redemption, to, by=by, at=at, reason=reason)


def _give_back(redemption: RewardRedemption, program_id: str, by: Actor, at: datetime) -> None:
    """The points come back as far as they were paid for."""
    books = Books(program_id, [redemption.customer_id], at=at)
    taken = ledger.entry_of(redemption.customer_id, program_id, "redemption", redemption.id)
    assert taken is not None
    cause = Cause(
        type=TransactionType.REFUNDED,
        source_kind="redemption_back",
        source_id=redemption.id,
        by=by,
        at=at,
        why=Why(inputs={"entry": taken.id}),
        description=taken.description or "",
        redemption_id=redemption.id,
    )
    books.give_back(redemption.customer_id, taken.id, cause)
    books.write(by=by)
