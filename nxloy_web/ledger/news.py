"""What an act has brought about besides: tiers reached or lost, and points that had ended.

A verb says it of its customer; who moves many at once says it once for all of them.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from nxloy_web import events
from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.current_business import current_business
from nxloy_web.db.rows import find
from nxloy_web.earning.tiers import Tier
from nxloy_web.events import EventName
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.loyalty import LoyaltyProgram


@dataclass(frozen=True, slots=True)
class TierMove:
    customer_id: str
    before: Tier | None
    after: Tier | None

    @property
    def is_up(self) -> bool:
        if self.after is None:
            return False
        return self.before is None or self.after.required_points > self.before.required_points


@dataclass(slots=True)
class News:
    """What moved in one program."""

    program_id: str
    tier_moves: list[TierMove] = field(default_factory=list)
    expired: Counter[str] = field(default_factory=Counter)
    """Points, by the customer."""


def tell(news: News, *, by: Actor, at: datetime) -> None:
    """Say it customer by customer. Nobody makes points expire: that comes by itself."""
    for customer_id, points in news.expired.items():
        after = {"points": points, "program_id": news.program_id}
        events.happened("points.expired", _customer(customer_id), by=SYSTEM, at=at, after=after)
    for move in news.tier_moves:
        events.happened(
            "customer.tier_changed",
            _customer(move.customer_id),
            by=by,
            at=at,
            before={"tier": None if move.before is None else move.before.name},
            after={
                "tier": None if move.after is None else move.after.name,
                "tier_id": None if move.after is None else move.after.id,
                "program_id": news.program_id,
            },
        )


def tell_together(news: News, *, by: Actor, at: datetime) -> None:
    """Say it once: the ledger itself tells customer by customer."""
    if news.expired:
        after = {"customers": len(news.expired), "points": news.expired.total()}
        events.happened("points.expired", current_business(), by=SYSTEM, at=at, after=after)
    up = sum(move.is_up for move in news.tier_moves)
    directions: tuple[tuple[EventName, int], ...] = (
        ("program.members_moved_up", up),
        ("program.members_moved_down", len(news.tier_moves) - up),
    )
    for name, customers in directions:
        if customers:
            program = find(LoyaltyProgram, news.program_id, deleted_too=True)
            events.happened(name, program, by=by, at=at, after={"customers": customers})


def _customer(customer_id: str) -> Customer:
    return find(Customer, customer_id, deleted_too=True)
