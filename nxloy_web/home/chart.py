"""The chart of the home page: points issued and redeemed a day, of the last thirty days.

Entries are never changed and never deleted, so what has been added up stays right: each process
keeps the sums of what was written before a recent moment, and reads only what was written since.
"""

import time
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, case, func, select

from nxloy_web.db import db
from nxloy_web.db.ids import first_id_at
from nxloy_web.db.scope import current_business_id
from nxloy_web.tables.points import PointTransaction, TransactionType

CHART_DAYS = 30
KEPT_SECONDS = 600
"""How long sums are used before they are made anew, a little further on."""
OPEN_SECONDS = 600
"""Ids of this age may still be on their way in, in a transaction that has not been committed."""

Sums = dict[date, tuple[int, int]]


@dataclass(frozen=True)
class Days:
    """Points issued and redeemed a day, oldest first."""

    labels: list[str]
    issued: list[int]
    redeemed: list[int]


def days(at: datetime, timezone: str) -> Days:
    """Every day of the last thirty on the business's clock, the empty ones too."""
    zone = ZoneInfo(timezone)
    today = at.astimezone(zone).date()
    dates = [today - timedelta(days=back) for back in reversed(range(CHART_DAYS))]
    since = datetime(dates[0].year, dates[0].month, dates[0].day, tzinfo=zone)
    # By the clock of the machine, as ids are.
    mark = first_id_at(time.time() // KEPT_SECONDS * KEPT_SECONDS - OPEN_SECONDS)
    kept = _written_before(current_business_id(), mark, since, timezone)
    fresh = _sums(PointTransaction.id >= mark, since, timezone)
    found = [_both(kept.get(on, (0, 0)), fresh.get(on, (0, 0))) for on in dates]
    return Days(
        labels=[f"{on.day} {on:%b}" for on in dates],
        issued=[issued for issued, _ in found],
        redeemed=[redeemed for _, redeemed in found],
    )


@lru_cache(1_000)
def _written_before(business_id: str, mark: str, since: datetime, timezone: str) -> Sums:
    """The business's id is part of the key; the policies see to it that it is the one in scope."""
    return _sums(PointTransaction.id < mark, since, timezone)


def _sums(which: ColumnElement[bool], since: datetime, timezone: str) -> Sums:
    day = func.date(func.timezone(timezone, PointTransaction.occurred_at))
    issued = case((PointTransaction.type == TransactionType.EARNED, PointTransaction.amount))
    redeemed = case((PointTransaction.type == TransactionType.REDEEMED, -PointTransaction.amount))
    rows = db.session.execute(
        select(day, func.sum(issued), func.sum(redeemed))
        .where(which, PointTransaction.occurred_at >= since)
        .group_by(day)
    ).all()
    return {on: (int(gave or 0), int(took or 0)) for on, gave, took in rows}


def _both(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return one[0] + other[0], one[1] + other[1]
