"""Asking somebody else to agree to what is above one's own limit. Nothing moves by that."""

from collections.abc import Callable
from datetime import datetime, timedelta

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.current_business import current_business
from nxloy_web.db.rows import find, insert_once
from nxloy_web.errors import BusinessRule, NotAllowed
from nxloy_web.ledger import limits
from nxloy_web.ledger.limits import OverLimit
from nxloy_web.ledger.service import NothingToMove, ReasonNeeded
from nxloy_web.permissions import Permission
from nxloy_web.purchases import recording
from nxloy_web.tables.approvals import Approval, ApprovalKind
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.purchases import Purchase
from nxloy_web.texts import _

WAITS = timedelta(days=3)
"""So long somebody can agree to a request."""


class WithinLimit(BusinessRule):
    message = _("This is within your limit by now: do it yourself.")


def ask_adjustment(
    *,
    id: str,
    customer_id: str,
    program_id: str,
    amount: int,
    reason: str,
    by: Actor,
    at: datetime,
) -> Approval:
    """Ask for points by hand. Pressed twice, the first request is returned; so below."""
    by.needs(Permission.POINTS_CORRECT)
    if not amount:
        raise NothingToMove
    card = find(Customer, customer_id)
    program = find(LoyaltyProgram, program_id)
    giver = limits.giver(by, customer_id, card, at=at, may_be_own=amount < 0)
    request = Approval(
        id=id,
        kind=ApprovalKind.ADJUSTMENT,
        customer_id=customer_id,
        program_id=program.id,
        points=amount,
        reason=_needed(reason),
        limit_said=_said_by(lambda: giver.refuse_by_hand(amount)),
    )
    return _wait(request, by, at)


def ask_purchase(
    *,
    id: str,
    customer_id: str,
    amount_minor: int,
    order_ref: str | None,
    location_id: str | None,
    by: Actor,
    at: datetime,
) -> Approval:
    """Ask for a purchase that gives more than one may."""
    by.needs(Permission.POINTS_GIVE)
    card = find(Customer, customer_id)
    limits.refuse_blocked(card)
    giver = limits.giver(by, customer_id, card, at=at)
    points = recording.quote(customer_id, amount_minor, at=at).points
    request = Approval(
        id=id,
        kind=ApprovalKind.PURCHASE,
        customer_id=customer_id,
        points=points,
        amount_minor=amount_minor,
        currency=current_business().currency,
        order_ref=order_ref,
        location_id=location_id,
        reason="",
        limit_said=_said_by(lambda: giver.refuse_purchase(points)),
    )
    return _wait(request, by, at)


def ask_void(*, id: str, purchase_id: str, reason: str, by: Actor, at: datetime) -> Approval:
    """Ask for a purchase to be taken back."""
    by.needs(Permission.POINTS_CORRECT)
    purchase = find(Purchase, purchase_id)
    request = Approval(
        id=id,
        kind=ApprovalKind.VOID,
        customer_id=purchase.customer_id,
        program_id=purchase.program_id,
        points=-purchase.points,
        amount_minor=purchase.amount_minor,
        currency=purchase.currency,
        order_ref=purchase.order_ref,
        purchase_id=purchase.id,
        reason=_needed(reason),
        limit_said=_said_by(lambda: limits.refuse_void(purchase.points, by)),
    )
    return _wait(request, by, at)


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonNeeded
    return reason.strip()


def _said_by(refuse: Callable[[], None]) -> str:
    """The sentence of the limit that is in the way."""
    try:
        refuse()
    except OverLimit as over:
        return str(over)
    raise WithinLimit


def _wait(request: Approval, by: Actor, at: datetime) -> Approval:
    if by.user_id is None:
        raise NotAllowed
    request.asked_by_user_id, request.asked_at = by.user_id, at
    request.expires_at = at + WAITS
    request, is_new = insert_once(request, drawn={"points", "limit_said", "asked_at", "expires_at"})
    if is_new:
        facts = {"points": request.points, "customer_id": request.customer_id}
        reason = {"reason": request.reason} if request.reason else {}
        events.happened("approval.asked", request, by=by, at=at, after=facts | reason)
    return request
