"""What an owner may want to ask somebody about: odd patterns of the last days, from the ledger.

A pattern is no proof. Each statement reads one window of time through an index, groups it in the
database and brings back a few rows. What an import brought in is no act at a counter.
"""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, and_, cast, false, func, null, or_, select
from sqlalchemy.orm import aliased

from nxloy_web.current_business import current_business
from nxloy_web.db import db
from nxloy_web.db.session import history
from nxloy_web.ledger.limits import limits_of
from nxloy_web.permissions import Role
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Membership
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import PointTransaction
from nxloy_web.tables.purchases import Purchase
from nxloy_web.tables.redemptions import RedemptionEvent, RedemptionStatus, RewardRedemption

DAYS = 30
MOST = 5
"""Patterns of one kind that are shown."""
MANY_AT_ONCE, AT_ONCE = 6, timedelta(hours=1)
TIMES_THE_USUAL, WORTH_A_LOOK = 5, 1_000
OFTEN_BELOW, BELOW = 5, 0.9
OFTEN_SPENT, SPENT_WITHIN = 2, timedelta(minutes=10)


class Kind(enum.Enum):
    MANY_AT_ONCE = "MANY_AT_ONCE"
    FAR_ABOVE = "FAR_ABOVE"
    BELOW_LIMIT = "BELOW_LIMIT"
    GIVEN_AND_SPENT = "GIVEN_AND_SPENT"


@dataclass(frozen=True)
class Pattern:
    """Who, how often, how many points, and when for the last time."""

    kind: Kind
    user_id: str
    who: str
    times: int
    points: int
    last_at: datetime
    customer: Customer | None = None


def odd(at: datetime) -> list[Pattern]:
    """The patterns of the last days, kind by kind."""
    since = at - timedelta(days=DAYS)
    return [
        *_found(Kind.MANY_AT_ONCE, _many_at_once(since)),
        *_found(Kind.FAR_ABOVE, _far_above(since)),
        *_found(Kind.BELOW_LIMIT, _below_limit(since)),
        *_found(Kind.GIVEN_AND_SPENT, _given_and_spent(since)),
    ]


def _found(kind: Kind, statement: Any) -> list[Pattern]:
    rows = db.session.execute(history(statement.limit(MOST))).all()
    return [Pattern(kind, *row) for row in rows]


def _credits(since: datetime) -> Any:
    """What people gave, one row a credit, of people who sign in."""
    entry = PointTransaction
    return (
        select(
            entry.id,
            entry.by_user_id.label("user_id"),
            entry.customer_id,
            entry.amount,
            entry.source_kind,
            entry.occurred_at,
        )
        .outerjoin(Purchase, Purchase.id == entry.order_id)
        .where(
            entry.occurred_at >= since,
            entry.amount > 0,
            entry.by_user_id.is_not(None),
            entry.source_kind.in_(("purchase", "adjustment")),
            Purchase.import_key.is_(None),
        )
    )


def _many_at_once(since: datetime) -> Any:
    """So many credits on one card by one person within an hour."""
    credits = _credits(since).subquery()
    hand = [credits.c.user_id, credits.c.customer_id]
    earlier = func.lag(credits.c.occurred_at, MANY_AT_ONCE - 1).over(
        partition_by=hand, order_by=[credits.c.occurred_at, credits.c.id]
    )
    counted = select(
        credits,
        earlier.label("earlier"),
        func.count().over(partition_by=hand).label("times"),
        func.sum(credits.c.amount).over(partition_by=hand).label("points"),
    ).subquery()
    hits = (
        select(
            counted.c.user_id,
            counted.c.customer_id,
            func.max(counted.c.times).label("times"),
            func.max(counted.c.points).label("points"),
            func.max(counted.c.occurred_at).label("last_at"),
        )
        .where(counted.c.occurred_at - counted.c.earlier <= AT_ONCE)
        .group_by(counted.c.user_id, counted.c.customer_id)
        .subquery()
    )
    return (
        select(User.id, User.name, hits.c.times, hits.c.points, hits.c.last_at, Customer)
        .join(hits, hits.c.user_id == User.id)
        .join(Customer, Customer.id == hits.c.customer_id)
        .order_by(hits.c.points.desc(), User.id, Customer.id)
    )


def _far_above(since: datetime) -> Any:
    """Somebody who gave several times what the one in the middle of the others gave."""
    credits = _credits(since).subquery()
    sums = (
        select(
            credits.c.user_id,
            func.count().label("times"),
            func.sum(credits.c.amount).label("points"),
            func.max(credits.c.occurred_at).label("last_at"),
        )
        .group_by(credits.c.user_id)
        .cte("sums")
    )
    others = aliased(sums)
    usual = (
        select(func.percentile_cont(0.5).within_group(others.c.points))
        .where(others.c.user_id != sums.c.user_id)
        .scalar_subquery()
    )
    how_many = select(func.count()).select_from(others).scalar_subquery()
    return (
        select(
            User.id,
            User.name,
            sums.c.times,
            cast(sums.c.points, BigInteger),
            sums.c.last_at,
            null(),
        )
        .join(sums, sums.c.user_id == User.id)
        .where(
            how_many > 2,
            sums.c.points >= WORTH_A_LOOK,
            sums.c.points >= TIMES_THE_USUAL * usual,
        )
        .order_by(sums.c.points.desc(), User.id)
    )


def _below_limit(since: datetime) -> Any:
    """Credits that stay right below the limit of the person's role, again and again."""
    credits = _credits(since).subquery()
    times, points = func.count(), func.sum(credits.c.amount)
    return (
        select(User.id, User.name, times, points, func.max(credits.c.occurred_at), null())
        .join(credits, credits.c.user_id == User.id)
        .join(Membership, and_(Membership.user_id == User.id, Membership.deleted_at.is_(None)))
        .where(_is_right_below(Membership.role, credits))
        .group_by(User.id, User.name)
        .having(times >= OFTEN_BELOW)
        .order_by(times.desc(), User.id)
    )


def _is_right_below(role: Any, credits: Any) -> ColumnElement[bool]:
    found = []
    for each in (Role.STAFF, Role.MANAGER):
        limits = limits_of(each, current_business().settings)
        for kind, limit in (("adjustment", limits.by_hand), ("purchase", limits.purchase)):
            if limit:
                amount = credits.c.amount.between(ceil(BELOW * limit), limit)
                found.append(and_(role == each, credits.c.source_kind == kind, amount))
    return or_(false(), *found)


def _given_and_spent(since: datetime) -> Any:
    """Points given by hand, and a reward handed over for that card by the same person at once."""
    credits = _credits(since).subquery()
    spent = aliased(RedemptionEvent)
    times = func.count(credits.c.id.distinct())
    return (
        select(
            User.id, User.name, times, func.sum(credits.c.amount), func.max(spent.occurred_at),
            Customer,
        )
        .join(credits, credits.c.user_id == User.id)
        .join(RewardRedemption, RewardRedemption.customer_id == credits.c.customer_id)
        .join(spent, spent.redemption_id == RewardRedemption.id)
        .join(Customer, Customer.id == credits.c.customer_id)
        .where(
            credits.c.source_kind == "adjustment",
            spent.to_status == RedemptionStatus.FULFILLED,
            spent.by_user_id == credits.c.user_id,
            spent.occurred_at >= credits.c.occurred_at,
            spent.occurred_at <= credits.c.occurred_at + SPENT_WITHIN,
        )
        .group_by(User.id, Customer.business_id, Customer.id)
        .having(times >= OFTEN_SPENT)
        .order_by(times.desc(), User.id, Customer.id)
    )  # fmt: skip
