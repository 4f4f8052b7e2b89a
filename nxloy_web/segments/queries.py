"""Reads of segments."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from nxloy_web.current_business import current_business, current_wording, current_zone
from nxloy_web.db import db, paging
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.session import history
from nxloy_web.earning.programs import OLDEST_FIRST
from nxloy_web.errors import NotFound
from nxloy_web.segments.catalog import Moment
from nxloy_web.segments.compiler import compile_rules
from nxloy_web.segments.values import Surroundings
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.rewards import Reward
from nxloy_web.tables.segments import (
    CustomerSegment,
    CustomerSegmentMember,
    SegmentKind,
    SegmentRules,
)

SHOWN = 200
"""A business has a few dozen segments; more than these are found by searching for the name."""
NEWEST_FIRST = Order(CustomerSegmentMember.customer_id, descending=True)
SAMPLE = 5
COUNTED = 10_000
"""While a rule is being typed, more than this is said as "more than"."""


SORTS: dict[str, Any] = {
    "name": CustomerSegment.name,
    "kind": CustomerSegment.kind,
    "customers": CustomerSegment.member_count,
    "refreshed": CustomerSegment.refreshed_at,
}


def listing(
    text: str = "", *, deleted: bool = False, sort: str = "name"
) -> Sequence[CustomerSegment]:
    """Segments in one of the orders of SORTS, or `-` and its name; `text` is part of the name."""
    column = SORTS[sort.removeprefix("-")]
    order = column.desc() if sort.startswith("-") else column.asc()
    statement = (
        select(CustomerSegment)
        .order_by(order.nulls_last(), CustomerSegment.name, CustomerSegment.id)
        .limit(SHOWN)
    )
    if text:
        statement = statement.where(CustomerSegment.name.icontains(text, autoescape=True))
    if deleted:
        statement = history(statement.where(CustomerSegment.deleted_at.is_not(None)))
    return db.session.scalars(statement).all()


def deleted_count() -> int:
    return (
        db.session.scalar(
            select(func.count(CustomerSegment.id))
            .where(CustomerSegment.deleted_at.is_not(None))
            .execution_options(nx_with_deleted=True)
        )
        or 0
    )


@dataclass(frozen=True)
class Choices:
    """Ids and names of segments, by name."""

    all: list[tuple[str, str]]
    manual: list[tuple[str, str]]
    """The hand-made lists among them."""


def choices() -> Choices:
    rows = db.session.execute(
        select(CustomerSegment.id, CustomerSegment.name, CustomerSegment.kind)
        .order_by(CustomerSegment.name)
        .limit(SHOWN)
    ).all()
    return Choices(
        [(row.id, row.name) for row in rows],
        [(row.id, row.name) for row in rows if row.kind is SegmentKind.MANUAL],
    )


def segment(segment_id: str) -> CustomerSegment:
    """A segment, deleted or not. Raises NotFound."""
    found = db.session.scalar(
        history(select(CustomerSegment).where(CustomerSegment.id == segment_id))
    )
    if found is None:
        raise NotFound
    return found


def members(segment_id: str, seen: str) -> Page[Customer]:
    """A page of living members, the newest customers first: those after the last that was seen.

    In the order of the key, so that a page of a million costs what a page of ten does.
    """
    statement = (
        select(CustomerSegmentMember.customer_id, Customer)
        .join(
            CustomerSegmentMember,
            (CustomerSegmentMember.business_id == Customer.business_id)
            & (CustomerSegmentMember.customer_id == Customer.id),
        )
        .where(CustomerSegmentMember.segment_id == segment_id)
    )
    return NEWEST_FIRST.page(statement, after=seen).each(lambda row: row[1])


def in_segment(segment_id: str, ids: Sequence[str]) -> set[str]:
    """Which of these customers are in it."""
    return set(
        db.session.scalars(
            select(CustomerSegmentMember.customer_id).where(
                CustomerSegmentMember.segment_id == segment_id,
                CustomerSegmentMember.customer_id.in_(ids),
            )
        )
    )


def rewards_for(segment_id: str) -> Sequence[Reward]:
    """Rewards that only this segment can take."""
    return db.session.scalars(
        select(Reward).where(Reward.segment_id == segment_id).order_by(Reward.name).limit(10)
    ).all()


@dataclass(frozen=True)
class Preview:
    """Whom a rule would hold now."""

    count: int
    """Counted up to one more than COUNTED."""
    sample: Sequence[Customer]

    @property
    def said(self) -> str:
        if self.count > COUNTED:
            return f"More than {COUNTED:,} customers"
        return f"{self.count:,} customer" + ("" if self.count == 1 else "s")


def preview(rules: SegmentRules, at: datetime) -> Preview:
    held = compile_rules(rules, Moment(at, current_zone()))
    count = paging.count(select(Customer.id).where(held, Customer.deleted_at.is_(None)), COUNTED)
    sample = db.session.scalars(
        select(Customer).where(held).order_by(Customer.created_at.desc()).limit(SAMPLE)
    ).all()
    return Preview(count, sample)


def surroundings() -> Surroundings:
    """What a rule's values need to know of the business in scope."""
    business = current_business()
    rows = db.session.execute(
        select(LoyaltyTier.id, LoyaltyTier.name, LoyaltyProgram.name.label("program"))
        .join(
            LoyaltyProgram,
            (LoyaltyProgram.business_id == LoyaltyTier.business_id)
            & (LoyaltyProgram.id == LoyaltyTier.program_id),
        )
        .order_by(*OLDEST_FIRST, LoyaltyTier.required_points)
    ).all()
    several = len({row.program for row in rows}) > 1
    return Surroundings(
        currency=business.currency,
        wording=current_wording(),
        tiers={row.id: f"{row.name} ({row.program})" if several else row.name for row in rows},
    )
