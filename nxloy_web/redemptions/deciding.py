"""Saying yes to a request, and handing the reward over. Neither moves points or stock."""

from datetime import datetime

from nxloy_web.actors import Actor
from nxloy_web.current_business import current_wording
from nxloy_web.errors import BusinessRule
from nxloy_web.ledger.limits import UNDO_WITHIN
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import steps
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.texts import _

Status = RedemptionStatus


class NotApproved(BusinessRule):
    message = _("This has not been approved yet. Approve it first, then hand it over.")


class HandedOverForGood(BusinessRule):
    message = _("A hand-over can be undone by who made it, for two minutes. Refund it instead.")


class Lapsed(BusinessRule):
    message = _("This request has expired.")


def approve(
    redemption_id: str, *, by: Actor, at: datetime, version: int | None = None
) -> RewardRedemption:
    """Promise the reward. Points and stock were taken when the customer asked."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption, by = steps.lock_to_decide(redemption_id, by)
    if steps.was_pressed(redemption, Status.APPROVED, by):
        return redemption
    steps.refuse_second(redemption, (Status.PENDING,), version, at)
    _refuse_lapsed(redemption, at)
    steps.move(redemption, Status.APPROVED, by=by, at=at)
    return redemption


def fulfil(
    redemption_id: str, *, by: Actor, at: datetime, version: int | None = None
) -> RewardRedemption:
    """Hand the reward over; its code is used up."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption, by = steps.lock_to_decide(redemption_id, by)
    if steps.was_pressed(redemption, Status.FULFILLED, by):
        return redemption
    if redemption.status is Status.PENDING:
        raise NotApproved
    steps.refuse_second(redemption, (Status.APPROVED,), version, at)
    _refuse_lapsed(redemption, at)
    redemption.location_id = by.location_id or redemption.location_id
    steps.move(redemption, Status.FULFILLED, by=by, at=at)
    return redemption


def undo_handover(redemption_id: str, *, by: Actor, at: datetime) -> RewardRedemption:
    """Take back one's own slip within two minutes: the code is good again."""
    by.needs(Permission.REDEMPTIONS_DECIDE)
    redemption = steps.lock(redemption_id)
    if redemption.status is Status.APPROVED:
        return redemption  # pressed twice
    if not can_undo(redemption, by=by, at=at):
        raise HandedOverForGood
    steps.undo_handover(redemption, by=by, at=at)
    return redemption


def can_undo(redemption: RewardRedemption, *, by: Actor, at: datetime) -> bool:
    """Whether this person may still take the hand-over back as a slip."""
    handed_over_at = redemption.fulfilled_at
    is_fresh = handed_over_at is not None and at - handed_over_at <= UNDO_WITHIN
    return is_fresh and steps.was_pressed(redemption, Status.FULFILLED, by)


def _refuse_lapsed(redemption: RewardRedemption, at: datetime) -> None:
    if redemption.expires_at <= at:
        last_day = current_wording().last_day(redemption.expires_at)
        raise Lapsed(
            _(
                "This request expired at the end of %(day)s; its points go back to the customer.",
                day=last_day,
            )
        )
