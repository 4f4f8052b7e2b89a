"""Keeping the members of rules up to date: two statements a segment, however many customers."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, func, literal, select
from sqlalchemy.dialects.postgresql import Insert, insert

from nxloy_web import clock
from nxloy_web.current_business import current_zone
from nxloy_web.db import db
from nxloy_web.db.rows import write_past_version
from nxloy_web.db.scope import current_business_id
from nxloy_web.jobs import enqueue, every, pause_if_stopping, task
from nxloy_web.segments.catalog import Moment
from nxloy_web.segments.compiler import compile_rules
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember, SegmentKind

AT_ONCE = 20_000
"""With more customers than this the worker refreshes, so that nobody waits for a page."""


def refresh(segment_id: str, at: datetime) -> None:
    """Make the members of a dynamic segment those whom its rule holds now.

    The segment is locked, so that two refreshes follow each other. Hand-made lists and deleted
    segments stay as they are.
    """
    segment = db.session.scalar(
        select(CustomerSegment)
        .where(CustomerSegment.id == segment_id)
        .with_for_update(of=CustomerSegment)
        .execution_options(populate_existing=True)
    )
    if segment is None or segment.kind is not SegmentKind.DYNAMIC:
        return
    held = compile_rules(segment.rules, Moment(at, current_zone()))
    _remove_gone(segment_id, held)
    db.session.execute(joining(segment_id, select(Customer.id).where(held), at))
    write_past_version(segment, member_count=_living_members(segment_id), refreshed_at=at)


def refresh_soon(segment: CustomerSegment, at: datetime) -> bool:
    """Refresh now, or leave it to the worker when the business is big. Says whether it is done."""
    some = select(Customer.id).where(Customer.deleted_at.is_(None)).limit(AT_ONCE + 1).subquery()
    if (db.session.scalar(select(func.count()).select_from(some)) or 0) > AT_ONCE:
        enqueue(refresh_one, segment_id=segment.id)
        return False
    refresh(segment.id, at)
    return True


@task("segments.refresh_one")
def refresh_one(segment_id: str) -> None:
    refresh(segment_id, clock.now())


@every("7 * * * *")
@task("segments.refresh")
def refresh_all() -> None:
    """Refresh every dynamic segment of the business, each in a transaction of its own."""
    ids = db.session.scalars(
        select(CustomerSegment.id)
        .where(CustomerSegment.kind == SegmentKind.DYNAMIC)
        .order_by(CustomerSegment.id)
    ).all()
    for segment_id in ids:
        refresh(segment_id, clock.now())
        db.session.commit()
        pause_if_stopping()


def joining(segment_id: str, customers: Any, at: datetime) -> Insert:
    """The statement that adds the living customers a query of ids names, unless they are in."""
    chosen = customers.where(Customer.deleted_at.is_(None)).subquery()
    there = exists().where(
        CustomerSegmentMember.business_id == current_business_id(),
        CustomerSegmentMember.segment_id == segment_id,
        CustomerSegmentMember.customer_id == chosen.c.id,
    )
    rows = select(
        literal(current_business_id()), literal(segment_id), chosen.c.id, literal(at)
    ).where(~there)
    return (
        insert(CustomerSegmentMember)
        .from_select(["business_id", "segment_id", "customer_id", "assigned_at"], rows)
        .on_conflict_do_nothing()
    )


def recount(segment: CustomerSegment) -> None:
    """Count the living members again, which must not make somebody's open form stale."""
    db.session.flush()
    write_past_version(segment, member_count=_living_members(segment.id))


def _living_members(segment_id: str) -> Any:
    return (
        select(func.count())
        .select_from(CustomerSegmentMember)
        .join(
            Customer,
            (Customer.business_id == CustomerSegmentMember.business_id)
            & (Customer.id == CustomerSegmentMember.customer_id),
        )
        .where(CustomerSegmentMember.segment_id == segment_id, Customer.deleted_at.is_(None))
        .scalar_subquery()
    )


def _remove_gone(segment_id: str, held: ColumnElement[bool]) -> None:
    stays = (
        exists()
        .where(
            Customer.business_id == CustomerSegmentMember.business_id,
            Customer.id == CustomerSegmentMember.customer_id,
            Customer.deleted_at.is_(None),
            held,
        )
        .correlate(CustomerSegmentMember)
    )
    db.session.execute(
        delete(CustomerSegmentMember).where(CustomerSegmentMember.segment_id == segment_id, ~stays),
        execution_options={"synchronize_session": False},
    )
