"""Agreeing to a request of somebody else, or refusing it.

The request is locked first, then what its act locks. The act carries the request's id, so that it
is done once whoever presses, and it is under the limits of the one who agrees.
"""

from datetime import datetime

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule, Stale
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Permission
from nxloy_web.purchases import recording, voiding
from nxloy_web.tables.approvals import Approval, ApprovalKind, ApprovalState
from nxloy_web.tables.auth import User
from nxloy_web.texts import Text, _

State = ApprovalState


class OwnRequest(BusinessRule):
    message = _("You asked for this yourself. Somebody else has to decide about it.")


class AlreadyDecided(Stale):
    message = _("Somebody else was first.")


class RequestLapsed(BusinessRule):
    message = _("This request waited too long. It can be asked for again.")


def agree(approval_id: str, *, by: Actor, at: datetime) -> Approval:
    """Do what was asked for. Pressed twice, it is done once."""
    by.needs(Permission.APPROVALS_DECIDE)
    request = find(Approval, approval_id, lock=True)
    if _was_pressed(request, State.APPROVED, by):
        return request
    _refuse(request, by, at)
    _do(request, by, at)
    return _decide(request, State.APPROVED, by, at)


def refuse(approval_id: str, *, by: Actor, at: datetime) -> Approval:
    """Say no; nothing moves."""
    by.needs(Permission.APPROVALS_DECIDE)
    request = find(Approval, approval_id, lock=True)
    if _was_pressed(request, State.REFUSED, by):
        return request
    _refuse(request, by, at)
    return _decide(request, State.REFUSED, by, at)


def _was_pressed(request: Approval, to: State, by: Actor) -> bool:
    return request.state is to and request.decided_by_user_id == by.user_id


def _refuse(request: Approval, by: Actor, at: datetime) -> None:
    if request.state is not State.WAITING:
        raise AlreadyDecided(_what_happened(request, at))
    if request.expires_at <= at:
        raise RequestLapsed
    if request.asked_by_user_id == by.user_id:
        raise OwnRequest


def _what_happened(request: Approval, at: datetime) -> Text:
    name = db.session.get(User, request.decided_by_user_id)
    who = name.name if name else _("Somebody who left")
    when = current_wording().when_in_a_sentence(request.decided_at or at, at)
    if request.state is State.APPROVED:
        return _("%(who)s agreed to this %(when)s.", who=who, when=when)
    return _("%(who)s refused this %(when)s.", who=who, when=when)


def _do(request: Approval, by: Actor, at: datetime) -> None:
    match request.kind:
        case ApprovalKind.ADJUSTMENT:
            assert request.program_id is not None
            ledger.adjust(
                request.customer_id,
                request.program_id,
                request.points,
                id=request.id,
                reason=request.reason,
                by=by,
                at=at,
            )
        case ApprovalKind.PURCHASE:
            assert request.amount_minor is not None
            recording.record(
                id=request.id,
                customer_id=request.customer_id,
                amount_minor=request.amount_minor,
                order_ref=request.order_ref,
                location_id=request.location_id,
                occurred_at=request.asked_at,
                by=by,
                at=at,
            )
        case ApprovalKind.VOID:
            assert request.purchase_id is not None
            voiding.void(request.purchase_id, reason=request.reason, by=by, at=at)


def _decide(request: Approval, to: State, by: Actor, at: datetime) -> Approval:
    before, request.state = request.state, to
    request.decided_by_user_id, request.decided_at = by.user_id, at
    db.session.flush()
    name: events.EventName = "approval.agreed" if to is State.APPROVED else "approval.refused"
    events.happened(
        name,
        request,
        by=by,
        at=at,
        before={"state": before},
        after={"state": to, "asked_by": request.asked_by_user_id},
    )
    return request
