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
from nxloy_web.texts import _

_DID = {
    RedemptionStatus.PENDING: "asked for this",
    RedemptionStatus.APPROVED: "approved this",
    RedemptionStatus.FULFILLED: "handed this over",
    RedemptionStatus.CANCELLED: "cancelled this",
    RedemptionStatus.REFUNDED: "refunded this",
}
_BY_ITSELF = {
    RedemptionStatus.APPROVED: "This was approved by itself",
    RedemptionStatus.EXPIRED: "This lapsed, because nobody collected it in time,",
}


class AlreadyDecided(Stale):
    message = _("Somebody else was first.")


def last_event(redemption: RewardRedemption) -> RedemptionEvent | None:
    """The step that led to where it is. Found by its state, which is reached once: whoever waited
    for the row comes later with an earlier clock."""
    return db.session.scalar(
        select(RedemptionEvent)
        .where(
            RedemptionEvent.redemption_id == redemption.id,
            RedemptionEvent.to_status == redemption.status,
        )
        .order_by(RedemptionEvent.id.desc())
        .limit(1)
    )


def what_happened(redemption: RewardRedemption, at: datetime) -> str:
    """Maria approved this 2 minutes ago."""
    event = last_event(redemption)
    if event is None:
        return "Somebody changed this while you were looking at it."
    if event.by_user_id is None:
        subject = _BY_ITSELF.get(event.to_status, "This changed by itself")
    else:
        subject = f"{_name(redemption, event.by_user_id)} {_DID[event.to_status]}"
    when = current_wording().when_in_a_sentence(event.occurred_at, at)
    return f"{subject} {when}."


def _name(redemption: RewardRedemption, user_id: str) -> str:
    owner = db.session.scalar(
        history(select(Customer.user_id).where(Customer.id == redemption.customer_id))
    )
    if owner == user_id:
        return "The customer"
    return db.session.scalar(select(User.name).where(User.id == user_id)) or "Somebody"
