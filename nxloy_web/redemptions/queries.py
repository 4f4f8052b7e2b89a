"""Reads made for the redemption screens."""

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.redemptions.models import RedemptionStatus, RewardRedemption


def pending_count() -> int:
    """Requests waiting for a decision."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(RewardRedemption)
            .where(RewardRedemption.status == RedemptionStatus.PENDING)
        )
        or 0
    )
