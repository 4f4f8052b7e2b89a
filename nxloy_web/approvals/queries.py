"""Reads made for the page of approvals."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from nxloy_web.db import db
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.session import history
from nxloy_web.tables.approvals import Approval, ApprovalState
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.points import PointTransaction

MOST_WAITING = 50
BY_HAND_DAYS = 30
MOST_PEOPLE = 8
_NEWEST_FIRST = Order(Approval.asked_at, Approval.id, descending=True)
_WAITS = (Approval.state == ApprovalState.WAITING, Approval.expires_at > func.now())

WAITING = select(func.count()).select_from(Approval).where(*_WAITS).scalar_subquery()
"""Requests that somebody can agree to: a column, to be read with what else a page needs."""


@dataclass(frozen=True)
class Request:
    """A request with the names around it."""

    row: Approval
    asked_by: str
    decided_by: str | None
    location: str | None
    by_hand_this_year: int = 0
    """What the customer was given by hand since the first of January."""


def waiting(at: datetime, year_began: datetime) -> list[Request]:
    """What waits, the oldest first."""
    statement = (
        _named()
        .where(Approval.state == ApprovalState.WAITING, Approval.expires_at > at)
        .order_by(Approval.asked_at, Approval.id)
        .limit(MOST_WAITING)
    )
    found = [Request(*row) for row in db.session.execute(history(statement)).all()]
    given = _by_hand([one.row.customer_id for one in found], year_began)
    return [replace(one, by_hand_this_year=given.get(one.row.customer_id, 0)) for one in found]


def decided(at: datetime, seen: str) -> Page[Request]:
    """What was decided or has lapsed, the newest first."""
    over = or_(Approval.state != ApprovalState.WAITING, Approval.expires_at <= at)
    page = _NEWEST_FIRST.page(history(_named().where(over)), after=seen)
    return page.each(lambda row: Request(*row))


def by_hand(at: datetime) -> Sequence[Any]:
    """Who moved how many points by hand in the last days, most first."""
    moved = func.sum(func.abs(PointTransaction.amount))
    return db.session.execute(
        select(User.name, moved.label("points"))
        .join(User, User.id == PointTransaction.by_user_id)
        .where(
            PointTransaction.source_kind == "adjustment",
            PointTransaction.occurred_at >= at - timedelta(days=BY_HAND_DAYS),
        )
        .group_by(User.id, User.name)
        .order_by(moved.desc(), User.name)
        .limit(MOST_PEOPLE)
    ).all()


def _named() -> Select[Approval, str, str, str]:
    asker, decider = aliased(User), aliased(User)
    return (
        select(Approval, asker.name, decider.name, Location.name)
        .join(asker, asker.id == Approval.asked_by_user_id)
        .outerjoin(decider, decider.id == Approval.decided_by_user_id)
        .outerjoin(Location, Location.id == Approval.location_id)
        .options(joinedload(Approval.customer))
    )


def _by_hand(customer_ids: list[str], since: datetime) -> dict[str, int]:
    rows = db.session.execute(
        select(PointTransaction.customer_id, func.sum(PointTransaction.amount))
        .where(
            PointTransaction.customer_id.in_(customer_ids),
            PointTransaction.source_kind == "adjustment",
            PointTransaction.amount > 0,
            PointTransaction.occurred_at >= since,
        )
        .group_by(PointTransaction.customer_id)
    )
    return {row[0]: row[1] for row in rows}
