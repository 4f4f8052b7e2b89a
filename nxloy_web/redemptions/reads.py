"""Reads of redemptions, for screens and verbs."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.errors import NotFound
from nxloy_web.redemptions import codes
from nxloy_web.tables.redemptions import RewardRedemption


def with_everything(redemption_id: str) -> RewardRedemption:
    """One redemption with its customer, reward and location, deleted or not. Raises NotFound."""
    statement = (
        select(RewardRedemption)
        .where(RewardRedemption.id == redemption_id)
        .options(
            joinedload(RewardRedemption.customer),
            joinedload(RewardRedemption.reward),
            joinedload(RewardRedemption.location),
        )
        .execution_options(populate_existing=True)
    )
    redemption = db.session.scalar(history(statement))
    if redemption is None:
        raise NotFound
    return redemption


def by_code(code: str) -> RewardRedemption | None:
    """The redemption of a code, however it is typed."""
    return db.session.scalar(
        select(RewardRedemption).where(RewardRedemption.code == codes.as_stored(code))
    )
