"""What the palette finds besides customers."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.redemptions import codes
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.rewards import Reward


def redemption(code: str) -> RewardRedemption | None:
    """The redemption with exactly this code, however it is typed."""
    return db.session.scalar(
        history(
            select(RewardRedemption)
            .where(RewardRedemption.code == codes.as_stored(code))
            .options(joinedload(RewardRedemption.reward))
        )
    )


def rewards(text: str, limit: int) -> Sequence[Reward]:
    """Rewards with this in their name. A catalog is small enough to be looked through."""
    return db.session.scalars(
        select(Reward)
        .where(Reward.name.icontains(text, autoescape=True))
        .order_by(Reward.name, Reward.id)
        .limit(limit)
    ).all()
