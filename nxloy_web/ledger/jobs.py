"""What ends by itself: points, and tiers that were set by hand.

Being late does no harm: reads add up from the lots by then, and look at the clock for tiers.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.jobs import every, pause_if_stopping, task
from nxloy_web.ledger import by_hand, service
from nxloy_web.tables.points import CustomerBalance

BATCH = 200


@every("*/15 * * * *")
@task("ledger.settle")
def settle_due() -> None:
    """Settle every balance that has changed by itself, a batch a transaction."""
    at = clock.now()
    after = ""
    while due := _due(CustomerBalance.next_change_at, at, after):
        for program_id, customer_ids in _by_program(due):
            service.settle(program_id, customer_ids, at)
        db.session.commit()
        pause_if_stopping()
        after = due[-1].id


@every("*/15 * * * *")
@task("ledger.end_tiers")
def end_tiers_by_hand() -> None:
    """Say of every tier set by hand whose last day has passed that it is over."""
    at = clock.now()
    after = ""
    while due := _due(CustomerBalance.hand_tier_until, at, after):
        for one in due:
            by_hand.end_if_over(one.customer_id, one.program_id, at)
        db.session.commit()
        pause_if_stopping()
        after = due[-1].id


def _due(ends: InstrumentedAttribute[datetime | None], at: datetime, after: str) -> Sequence[Any]:
    # By id, as everybody locks balances; what somebody is working on is settled by them.
    return db.session.execute(
        select(CustomerBalance.id, CustomerBalance.program_id, CustomerBalance.customer_id)
        .where(ends <= at, CustomerBalance.id > after)
        .order_by(CustomerBalance.id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()


def _by_program(due: Sequence[Any]) -> Iterator[tuple[str, list[str]]]:
    """All of them are locked already, so the order of the programs matters to nobody."""
    for program_id, rows in groupby(
        sorted(due, key=lambda row: row.program_id), key=lambda row: row.program_id
    ):
        yield program_id, [row.customer_id for row in rows]
