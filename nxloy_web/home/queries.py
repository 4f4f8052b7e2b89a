"""Reads for the home page. A fixed number of statements, whatever the size of the business."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, true

from nxloy_web.db import db
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.jobs import JobRun, JobState
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption, in_state
from nxloy_web.tables.rewards import Reward, RewardStatus


@dataclass(frozen=True)
class Waiting:
    """What somebody should look at now."""

    pending: int
    ready: int
    out_of_stock: int
    failed_jobs: int

    @property
    def is_clear(self) -> bool:
        return not (self.pending or self.ready or self.out_of_stock or self.failed_jobs)


@dataclass(frozen=True)
class Figures:
    """Today so far, with the same hours of a week ago beside it."""

    purchases: int
    purchases_before: int
    spent_minor: int
    spent_minor_before: int
    joined: int
    joined_before: int
    redeemed: int
    redeemed_before: int


def waiting(at: datetime) -> Waiting:
    row = db.session.execute(
        select(
            _count(RewardRedemption, in_state(RedemptionStatus.PENDING)),
            _count(RewardRedemption, in_state(RedemptionStatus.APPROVED)),
            _count(Reward, Reward.status == RewardStatus.OUT_OF_STOCK, Reward.deleted_at.is_(None)),
            _count(
                JobRun,
                JobRun.state == JobState.FAILED,
                JobRun.created_at > at - timedelta(days=7),
            ),
        )
    ).one()
    return Waiting(*row)


def figures(at: datetime, timezone: str) -> Figures:
    """Counts since the business's midnight, and since that of the same weekday last week.

    One statement, and only the rows of those two stretches of a day are read.
    """
    today = at.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)

    def both(column: Any, *figures: Any, of: Any = ()) -> list[Any]:
        return [
            select(*figures).where(column.between(today - back, at - back), *of).subquery()
            for back in (timedelta(), week)
        ]

    recorded = Purchase.status == PurchaseStatus.RECORDED
    side_by_side, *others = (
        *both(Purchase.occurred_at, func.count(), func.sum(Purchase.amount_minor), of=[recorded]),
        *both(Customer.created_at, func.count(), of=[Customer.deleted_at.is_(None)]),
        *both(RewardRedemption.fulfilled_at, func.count()),
    )
    for other in others:
        side_by_side = side_by_side.join(other, true())
    row = db.session.execute(select(side_by_side)).one()
    bought, spent, bought_before, spent_before, *counts = (int(figure or 0) for figure in row)
    return Figures(bought, bought_before, spent, spent_before, *counts)


def _count(model: type[Any], *conditions: Any) -> Any:
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()
