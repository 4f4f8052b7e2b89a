"""Putting customers into the tier their points reach."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from nxloy_web import clock, events
from nxloy_web.actors import SYSTEM
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.jobs import pause_if_stopping, task
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier
from nxloy_web.tables.points import CustomerBalance

BATCH = 5_000


@task("tiers.place")
def place(program_id: str) -> None:
    """After tiers changed, move up whoever has the points. Nobody is moved down by a change of
    thresholds: what a customer has reached stays theirs."""
    at = clock.now()
    last = ""
    while ids := _next_ids(program_id, last):
        moved = _move_up(ids, at)
        if moved:
            program = find(LoyaltyProgram, program_id)
            after = {"customers": moved}
            events.happened("program.members_moved_up", program, by=SYSTEM, at=at, after=after)
        db.session.commit()
        pause_if_stopping()
        last = ids[-1]


def _next_ids(program_id: str, after: str) -> list[str]:
    return list(
        db.session.scalars(
            select(CustomerBalance.id)
            .where(CustomerBalance.program_id == program_id, CustomerBalance.id > after)
            .order_by(CustomerBalance.id)
            .limit(BATCH)
        )
    )


def _move_up(ids: list[str], at: datetime) -> int:
    reached, held = aliased(LoyaltyTier), aliased(LoyaltyTier)
    locked = (
        select(CustomerBalance.id)
        .where(CustomerBalance.id.in_(ids))
        .order_by(CustomerBalance.id)
        .with_for_update()
        .cte("locked")
    )
    in_reach = (
        reached.program_id == CustomerBalance.program_id,
        reached.required_points <= CustomerBalance.lifetime_points,
        reached.deleted_at.is_(None),
    )
    best = (
        select(reached.id)
        .where(*in_reach)
        .order_by(reached.required_points.desc())
        .limit(1)
        .correlate(CustomerBalance)
        .scalar_subquery()
    )
    best_from = (
        select(func.max(reached.required_points))
        .where(*in_reach)
        .correlate(CustomerBalance)
        .scalar_subquery()
    )
    held_from = (
        select(held.required_points)
        .where(held.id == CustomerBalance.tier_id)
        .correlate(CustomerBalance)
        .scalar_subquery()
    )
    moved = db.session.execute(
        update(CustomerBalance)
        .where(
            CustomerBalance.id.in_(select(locked.c.id)),
            best_from > func.coalesce(held_from, -1),
        )
        .values(tier_id=best, tier_since_at=at, tier_needs=best_from),
        execution_options={"synchronize_session": False},
    )
    return int(moved.rowcount)  # type: ignore[attr-defined]
