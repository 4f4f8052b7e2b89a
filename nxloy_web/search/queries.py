"""What the palette finds besides customers."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.redemptions import codes
from nxloy_web.redemptions.models import RewardRedemption
from nxloy_web.rewards.models import Reward


def redemption(code: str) -> RewardRedemption | None:
    """The redemption with exactly this code."""
    return db.session.scalar(
        history(
            select(RewardRedemption)
            .where(RewardRedemption.code == codes.as_stored(code))
            .options(joinedload(RewardRedemption.reward))
        )
    )


def rewards(text: str, limit: int) -> Sequence[Reward]:
    """Rewards whose name begins so."""
    return db.session.scalars(
        select(Reward)
        .where(func.lower(Reward.name).startswith(text.lower(), autoescape=True))
        .order_by(Reward.name, Reward.id)
        .limit(limit)
    ).all()
