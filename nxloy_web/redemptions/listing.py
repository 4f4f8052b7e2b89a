"""The redemption list: filter, page, counts, export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import contains_eager

from nxloy_web.current_business import current_zone
from nxloy_web.customers import finding
from nxloy_web.db import days, db, paging
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.session import history
from nxloy_web.redemptions import codes
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption, in_state
from nxloy_web.tables.rewards import Reward
from nxloy_web.web.arguments import Arguments

DEFAULT_SORT = "-requested"
_COLUMNS: dict[str, Any] = {
    "requested": RewardRedemption.requested_at,
    "points": RewardRedemption.points_cost,
    # Of other tables, so no index has their order: such a list is sorted whole, a page of it sent.
    "customer": Customer.name_norm,
    "reward": Reward.name,
}
SORTS = {
    mark + name: Order(column, RewardRedemption.id, descending=bool(mark))
    for name, column in _COLUMNS.items()
    for mark in ("", "-")
}
AT_ONCE = 500
"""So many rows are decided by one press."""


@dataclass(frozen=True)
class Filter:
    """What the address of the list says."""

    status: RedemptionStatus | None = None
    text: str = ""
    location_id: str = ""
    since: date | None = None
    until: date | None = None
    """Asked for from this day until that one, where the business is."""
    sort: str = DEFAULT_SORT

    @classmethod
    def from_args(cls, args: Arguments) -> Self:
        """Read the query string; what makes no sense does not filter."""
        sort = args.get("sort", DEFAULT_SORT)
        return cls(
            status=args.member("status", RedemptionStatus),
            text=args.text("q"),
            location_id=args.row_id("location"),
            since=args.day("since"),
            until=args.day("until"),
            sort=sort if sort in SORTS else DEFAULT_SORT,
        )

    @property
    def is_set(self) -> bool:
        return replace(self, sort=DEFAULT_SORT) != Filter()


def page_of(filter_: Filter, seen: str) -> Page[RewardRedemption]:
    """Those after the last one that was seen. Names and rewards come with the rows, deleted ones
    too."""
    page = SORTS[filter_.sort].page(history(_matching(filter_)), after=seen)
    total = paging.count(_where(select(RewardRedemption.id), filter_))
    return replace(page.each(lambda row: row[0]), total=total)


def everything(filter_: Filter, batch: int = 500) -> Iterator[RewardRedemption]:
    """Every row of the list, read in batches: for the export."""
    for rows in SORTS[filter_.sort].batches(history(_matching(filter_)), batch):
        yield from (row[0] for row in rows)


def ids_matching(filter_: Filter, limit: int = AT_ONCE) -> list[str]:
    """The rows "all that match" means, at most `limit` of them."""
    statement = _where(select(RewardRedemption.id), filter_).limit(limit)
    return list(db.session.scalars(statement))


def counts_of(filters: Sequence[Filter]) -> Sequence[int]:
    """How many rows each of them shows, each counted up to one more than is said."""
    if not filters:
        return []
    numbers = [paging.counted(_where(select(RewardRedemption.id), one)) for one in filters]
    return list(db.session.execute(select(*numbers)).one())


def counts() -> dict[RedemptionStatus, int]:
    """Rows by status, each counted up to one more than is said."""
    numbers = [
        paging.counted(select(RewardRedemption.id).where(in_state(status)))
        for status in RedemptionStatus
    ]
    row = db.session.execute(select(*numbers)).one()
    return dict(zip(RedemptionStatus, row, strict=True))


def _matching(filter_: Filter) -> Select[Any]:
    statement: Any = (
        select(RewardRedemption, Customer.name_norm, Reward.name)
        .join(RewardRedemption.customer)
        .join(RewardRedemption.reward)
    ).options(
        contains_eager(RewardRedemption.customer).load_only(
            Customer.first_name,
            Customer.last_name,
            Customer.email,
            Customer.phone_e164,
            Customer.deleted_at,
        ),
        contains_eager(RewardRedemption.reward).load_only(
            Reward.name, Reward.icon, Reward.image, Reward.deleted_at
        ),
    )
    return _where(statement, filter_)


def _where(statement: Select[Any], filter_: Filter) -> Select[Any]:
    if filter_.status is not None:
        statement = statement.where(in_state(filter_.status))
    if filter_.location_id:
        statement = statement.where(RewardRedemption.location_id == filter_.location_id)
    if filter_.since or filter_.until:
        asked = days.within(
            RewardRedemption.requested_at, filter_.since, filter_.until, current_zone()
        )
        statement = statement.where(*asked)
    if filter_.text:
        statement = statement.where(_mentions(filter_.text))
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
