"""Who was first, and what they did: for whoever comes second."""

from datetime import datetime

from sqlalchemy import select

from nxloy_web.current_business import current_wording
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.errors import Stale
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.redemptions import RedemptionEvent, RedemptionStatus, RewardRedemption
from nxloy_web.texts import Part, Text, _


class AlreadyDecided(Stale):
    message = _("Somebody else was first.")


def last_event(redemption: RewardRedemption) -> RedemptionEvent | None:
    """The step that led to where it is. Found by its state, which is reached once (twice when a
    hand-over is undone): whoever waited for the row comes later with an earlier clock."""
    return db.session.scalar(
        select(RedemptionEvent)
        .where(
            RedemptionEvent.redemption_id == redemption.id,
            RedemptionEvent.to_status == redemption.status,
        )
        .order_by(RedemptionEvent.id.desc())
        .limit(1)
    )


def is_approved_by_team(redemption: RewardRedemption) -> bool:
    """Whether somebody has said yes, and it did not come by itself."""
    if redemption.status is not RedemptionStatus.APPROVED:
        return False
    event = last_event(redemption)
    return event is not None and event.by_user_id is not None


def what_happened(redemption: RewardRedemption, at: datetime) -> Text:
    """Maria approved this 2 minutes ago."""
    event = last_event(redemption)
    if event is None:
        return _("Somebody changed this while you were looking at it.")
    when = current_wording().when_in_a_sentence(event.occurred_at, at)
    if event.by_user_id is None:
        return _by_itself(event.to_status, when)
    return _by_somebody(event.to_status, _name(redemption, event.by_user_id), when)


def _by_itself(to: RedemptionStatus, when: str) -> Text:
    match to:
        case RedemptionStatus.APPROVED:
            return _("This was approved by itself %(when)s.", when=when)
        case RedemptionStatus.EXPIRED:
            return _("This expired, because nobody collected it in time, %(when)s.", when=when)
    return _("This changed by itself %(when)s.", when=when)


def _by_somebody(to: RedemptionStatus, who: Part, when: str) -> Text:
    match to:
        case RedemptionStatus.PENDING:
            return _("%(who)s asked for this %(when)s.", who=who, when=when)
        case RedemptionStatus.APPROVED:
            return _("%(who)s approved this %(when)s.", who=who, when=when)
        case RedemptionStatus.FULFILLED:
            return _("%(who)s handed this over %(when)s.", who=who, when=when)
        case RedemptionStatus.CANCELLED:
            return _("%(who)s cancelled this %(when)s.", who=who, when=when)
        case RedemptionStatus.REFUNDED:
            return _("%(who)s refunded this %(when)s.", who=who, when=when)
    return _("%(who)s changed this %(when)s.", who=who, when=when)


def _name(redemption: RewardRedemption, user_id: str) -> Part:
    owner = db.session.scalar(
        history(select(Customer.user_id).where(Customer.id == redemption.customer_id))
    )
    if owner == user_id:
        return _("The customer")
    return db.session.scalar(select(User.name).where(User.id == user_id)) or _("Somebody")
