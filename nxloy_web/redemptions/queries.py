"""Reads made for the redemption screens."""

from collections.abc import Sequence

from sqlalchemy import select

from nxloy_web.db import db, paging
from nxloy_web.tables.auth import User
from nxloy_web.tables.redemptions import RedemptionEvent, RedemptionStatus, RewardRedemption

PENDING = paging.counted(
    select(RewardRedemption.id).where(RewardRedemption.status == RedemptionStatus.PENDING)
)
"""Requests waiting for a decision: a column, to be read with what else a page needs."""


def steps(redemption_id: str) -> Sequence[tuple[RedemptionEvent, str | None]]:
    """What happened to it, oldest first, with the name of who did it."""
    rows = db.session.execute(
        select(RedemptionEvent, User.name)
        .outerjoin(User, User.id == RedemptionEvent.by_user_id)
        .where(RedemptionEvent.redemption_id == redemption_id)
        .order_by(RedemptionEvent.occurred_at, RedemptionEvent.id)
    ).all()
    return [(event, name) for event, name in rows]
