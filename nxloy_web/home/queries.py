"""Reads for the home page. A fixed number of statements, whatever the size of the business."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select

from nxloy_web.background.models import JobRun, JobState
from nxloy_web.customers.models import Customer
from nxloy_web.db import db
from nxloy_web.ledger.models import PointTransaction, TransactionType
from nxloy_web.purchases.models import Purchase, PurchaseStatus
from nxloy_web.redemptions.models import RedemptionStatus, RewardRedemption
from nxloy_web.rewards.models import Reward, RewardStatus

CHART_DAYS = 30
LOW_STOCK = 0.2
"""A reward with at most this part of its stock left is shown as low."""


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


@dataclass(frozen=True)
class Days:
    """Points issued and redeemed a day, oldest first."""

    labels: list[str]
    issued: list[int]
    redeemed: list[int]


def waiting(at: datetime) -> Waiting:
    row = db.session.execute(
        select(
            _count(RewardRedemption, RewardRedemption.status == RedemptionStatus.PENDING),
            _count(RewardRedemption, RewardRedemption.status == RedemptionStatus.APPROVED),
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
    """Counts since the business's midnight, and since that of the same weekday last week."""
    today = at.astimezone(ZoneInfo(timezone)).replace(hour=0, minute=0, second=0, microsecond=0)
    week = timedelta(days=7)

    def both(column: Any, figure: Any, *conditions: Any) -> Sequence[int]:
        now = figure.filter(column >= today, column <= at)
        before = figure.filter(column <= at - week)
        statement = select(now, before).where(column >= today - week, *conditions)
        return [value or 0 for value in db.session.execute(statement).one()]

    recorded = Purchase.status == PurchaseStatus.RECORDED
    return Figures(
        *both(Purchase.occurred_at, func.count(), recorded),
        *both(Purchase.occurred_at, func.sum(Purchase.amount_minor), recorded),
        *both(Customer.created_at, func.count()),
        *both(RewardRedemption.fulfilled_at, func.count()),
    )


def days(at: datetime, timezone: str) -> Days:
    """The chart: every day of the last thirty on the business's clock, the empty ones too."""
    zone = ZoneInfo(timezone)
    first = at.astimezone(zone).date() - timedelta(days=CHART_DAYS - 1)
    start = datetime(first.year, first.month, first.day, tzinfo=zone)
    day = func.date(func.timezone(timezone, PointTransaction.occurred_at))
    issued = case((PointTransaction.type == TransactionType.EARNED, PointTransaction.amount))
    redeemed = case((PointTransaction.type == TransactionType.REDEEMED, -PointTransaction.amount))
    rows = db.session.execute(
        select(day, func.sum(issued), func.sum(redeemed))
        .where(PointTransaction.occurred_at >= start, PointTransaction.occurred_at <= at)
        .group_by(day)
    ).all()
    found = {on: (int(gave or 0), int(took or 0)) for on, gave, took in rows}
    dates = [first + timedelta(days=offset) for offset in range(CHART_DAYS)]
    return Days(
        labels=[f"{on.day} {on:%b}" for on in dates],
        issued=[found.get(on, (0, 0))[0] for on in dates],
        redeemed=[found.get(on, (0, 0))[1] for on in dates],
    )


def low_stock(limit: int = 5) -> list[Reward]:
    """Rewards on offer that are about to run out, the emptiest first."""
    return list(
        db.session.scalars(
            select(Reward)
            .where(
                Reward.status.in_((RewardStatus.ACTIVE, RewardStatus.OUT_OF_STOCK)),
                Reward.total_stock > 0,
                Reward.current_stock <= Reward.total_stock * LOW_STOCK,
            )
            .order_by(Reward.current_stock, Reward.id)
            .limit(limit)
        )
    )


def _count(model: type[Any], *conditions: Any) -> Any:
    return select(func.count()).select_from(model).where(*conditions).scalar_subquery()
