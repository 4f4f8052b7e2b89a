"""Requests that nobody collected give their points and stock back."""

import logging
from datetime import datetime

from sqlalchemy import select, tuple_

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.errors import Refusal
from nxloy_web.jobs import every, pause_if_stopping, task
from nxloy_web.redemptions import many, taking_back
from nxloy_web.tables.redemptions import OPEN, RewardRedemption

log = logging.getLogger(__name__)
BATCH = 50


@every("*/10 * * * *")
@task("redemptions.lapse")
def lapse() -> None:
    """Let every open request lapse whose time is over, a batch a transaction."""
    at = clock.now()
    after: tuple[datetime, str] | None = None
    while due := _due(at, after):
        ids = [row_id for _, row_id in due]
        many.lock_all(ids, with_holds=True)
        for row_id in sorted(ids):
            try:
                with db.session.begin_nested():
                    taking_back.expire(row_id, at=at)
            except Refusal as refusal:  # one that cannot lapse must not hold up the others
                log.error("redemption %s did not lapse: %s", row_id, refusal)
        db.session.commit()
        pause_if_stopping()
        after = due[-1]


def _due(at: datetime, after: tuple[datetime, str] | None) -> list[tuple[datetime, str]]:
    statement = (
        select(RewardRedemption.expires_at, RewardRedemption.id)
        .where(RewardRedemption.status.in_(OPEN), RewardRedemption.expires_at <= at)
        .order_by(RewardRedemption.expires_at, RewardRedemption.id)
        .limit(BATCH)
    )
    if after is not None:
        statement = statement.where(
            tuple_(RewardRedemption.expires_at, RewardRedemption.id) > tuple_(*after)
        )
    return [(expires_at, row_id) for expires_at, row_id in db.session.execute(statement)]
