"""Writing off what has expired. Being late does no harm: reads add up from the lots by then."""

from datetime import datetime

from sqlalchemy import select

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.jobs import every, pause_if_stopping, task
from nxloy_web.ledger import service
from nxloy_web.tables.points import CustomerBalance

BATCH = 200


@every("*/15 * * * *")
@task("ledger.settle")
def settle_due() -> None:
    """Settle every balance that has changed by itself, a batch a transaction."""
    at = clock.now()
    after = ""
    while due := _due(at, after):
        for balance in due:
            service.settle(balance, at)
        db.session.commit()
        pause_if_stopping()
        after = due[-1].id
        db.session.expunge_all()


def _due(at: datetime, after: str) -> list[CustomerBalance]:
    # By id, as everybody locks balances; what somebody is working on is settled by them.
    return list(
        db.session.scalars(
            select(CustomerBalance)
            .where(CustomerBalance.next_change_at <= at, CustomerBalance.id > after)
            .order_by(CustomerBalance.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        )
    )
