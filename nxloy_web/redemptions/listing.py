"""The redemption list: filter, page, counts, export."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import joinedload

from nxloy_web.customers import finding
from nxloy_web.db import db, paging
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.session import history
from nxloy_web.redemptions import codes
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption, in_state
from nxloy_web.tables.rewards import Reward
from nxloy_web.web.arguments import Arguments

NEWEST_FIRST = Order(RewardRedemption.requested_at, RewardRedemption.id, descending=True)
AT_ONCE = 500
"""So many rows are decided by one press."""


@dataclass(frozen=True)
class Filter:
    """What the address of the list says."""

    status: RedemptionStatus | None = None
    text: str = ""
    location_id: str = ""

    @classmethod
    def from_args(cls, args: Arguments) -> Self:
        """Read the query string; what makes no sense does not filter."""
        return cls(
            status=args.member("status", RedemptionStatus),
            text=args.text("q"),
            location_id=args.row_id("location"),
        )


def page_of(filter_: Filter, seen: str) -> Page[RewardRedemption]:
    """Newest first: those after the last one that was seen. Names and rewards come with the rows,
    deleted ones too."""
    page = NEWEST_FIRST.page(history(_matching(filter_)), after=seen)
    total = paging.count(_where(select(RewardRedemption.id), filter_))
    return replace(page.each(lambda row: row[0]), total=total)


def everything(filter_: Filter, batch: int = 500) -> Iterator[RewardRedemption]:
    """Every row of the list, read in batches: for the export."""
    for rows in NEWEST_FIRST.batches(history(_matching(filter_)), batch):
        yield from (row[0] for row in rows)


def ids_matching(filter_: Filter, limit: int = AT_ONCE) -> list[str]:
    """The rows "all that match" means, at most `limit` of them."""
    statement = _where(select(RewardRedemption.id), filter_).limit(limit)
    return list(db.session.scalars(statement))


def counts() -> dict[RedemptionStatus, int]:
    """Rows by status, each counted up to one more than is said."""
    numbers = [
        paging.counted(select(RewardRedemption.id).where(in_state(status)))
        for status in RedemptionStatus
    ]
    row = db.session.execute(select(*numbers)).one()
    return dict(zip(RedemptionStatus, row, strict=True))


def _matching(filter_: Filter) -> Select[Any]:
    statement = select(RewardRedemption).options(
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
    return _where(statement, filter_)


def _where(statement: Select[Any], filter_: Filter) -> Select[Any]:
    if filter_.status is not None:
        statement = statement.where(in_state(filter_.status))
    if filter_.location_id:
        statement = statement.where(RewardRedemption.location_id == filter_.location_id)
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
