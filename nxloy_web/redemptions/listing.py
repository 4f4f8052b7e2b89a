"""The redemption list: filter, page, counts, export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, func, or_, select, tuple_
from sqlalchemy.orm import joinedload

from nxloy_web.customers import finding
from nxloy_web.db import db
from nxloy_web.db.cursors import write_cursor
from nxloy_web.db.session import history
from nxloy_web.redemptions import codes
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward
from nxloy_web.web.arguments import Arguments

PAGE = 25
COUNTED = 1_000
AT_ONCE = 500
"""So many rows are decided by one press."""


@dataclass(frozen=True)
class Filter:
    """What the address of the list says."""

    status: RedemptionStatus | None = None
    text: str = ""
    location_id: str = ""
    after: tuple[datetime, str] | None = None

    @classmethod
    def from_args(cls, args: Arguments) -> Self:
        """Read the query string; what makes no sense does not filter."""
        return cls(
            status=args.member("status", RedemptionStatus),
            text=args.text("q"),
            location_id=args.row_id("location"),
            after=args.cursor("after"),
        )


@dataclass(frozen=True)
class Page:
    rows: Sequence[RewardRedemption]
    total: int
    after: str
    """The cursor of the next page, empty on the last."""


def page_of(filter_: Filter) -> Page:
    """Newest first. Names and rewards come with the rows, deleted ones too."""
    statement = _matching(filter_).limit(PAGE + 1)
    rows = db.session.scalars(history(statement)).all()
    more = len(rows) > PAGE
    last = rows[PAGE - 1] if more else None
    return Page(
        rows=rows[:PAGE],
        total=_counted(_where(select(RewardRedemption.id), filter_)),
        after=write_cursor(last.requested_at, last.id) if last else "",
    )


def everything(filter_: Filter, batch: int = 500) -> Iterator[RewardRedemption]:
    """Every row of the list, read in batches: for the export."""
    result = db.session.scalars(history(_matching(filter_)).execution_options(yield_per=batch))
    yield from result


def ids_matching(filter_: Filter, limit: int = AT_ONCE) -> list[str]:
    """The rows "all that match" means, at most `limit` of them."""
    statement = _where(select(RewardRedemption.id), filter_).limit(limit)
    return list(db.session.scalars(statement))


def counts() -> dict[RedemptionStatus, int]:
    """Rows by status, each counted up to a thousand."""
    numbers = [
        _limited(select(RewardRedemption.id).where(RewardRedemption.status == status))
        for status in RedemptionStatus
    ]
    row = db.session.execute(select(*numbers)).one()
    return dict(zip(RedemptionStatus, row, strict=True))


def _matching(filter_: Filter) -> Select[Any]:
    statement = (
        select(RewardRedemption)
        .options(
            joinedload(RewardRedemption.customer).load_only(
                Customer.first_name,
                Customer.last_name,
                Customer.email,
                Customer.phone_e164,
                Customer.deleted_at,
            ),
            joinedload(RewardRedemption.reward).load_only(
                Reward.name, Reward.icon, Reward.image, Reward.deleted_at
            ),
        )
        .order_by(RewardRedemption.requested_at.desc(), RewardRedemption.id.desc())
    )
    return _where(statement, filter_)


def _where(statement: Select[Any], filter_: Filter) -> Select[Any]:
    if filter_.status is not None:
        statement = statement.where(RewardRedemption.status == filter_.status)
    if filter_.location_id:
        statement = statement.where(RewardRedemption.location_id == filter_.location_id)
    if filter_.text:
        statement = statement.where(_mentions(filter_.text))
    if filter_.after is not None:
        statement = statement.where(
            tuple_(RewardRedemption.requested_at, RewardRedemption.id) < tuple_(*filter_.after)
        )
    return statement


def _mentions(text: str) -> ColumnElement[bool]:
    """The exact code, whoever of the customers is meant, or how a reward's name begins."""
    meant = finding.matching(text, deleted_too=True)
    rewards = select(Reward.id).where(
        func.lower(Reward.name).startswith(text.lower(), autoescape=True)
    )
    return or_(
        RewardRedemption.code == codes.as_stored(text),
        meant.among(RewardRedemption.customer_id),
        RewardRedemption.reward_id.in_(rewards),
    )


def _counted(statement: Select[Any]) -> int:
    return db.session.scalar(select(_limited(statement))) or 0


def _limited(statement: Select[Any]) -> Any:
    # One more than is shown exactly: "more than 1,000" must not cost a count of a million.
    rows = statement.order_by(None).limit(COUNTED + 1).subquery()
    return select(func.count()).select_from(rows).scalar_subquery()
