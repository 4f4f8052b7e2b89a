"""What a merchant does with segments and hand-made lists."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete as delete_rows
from sqlalchemy import func, select

from nxloy_web import events
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.facts import changes, columns, put
from nxloy_web.db.refusals import check_version, refusing
from nxloy_web.db.rows import bring_back, find, insert_once
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission
from nxloy_web.segments import refreshing
from nxloy_web.segments.facts import SegmentFacts
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.rewards import Reward
from nxloy_web.tables.segments import (
    CustomerSegment,
    CustomerSegmentMember,
    SegmentKind,
)
from nxloy_web.texts import _, ngettext

NAMED_IN_LOG = 50
"""The audit log names this many members; of more it keeps the number."""


class SegmentNameTaken(BusinessRule):
    message = _("Another segment has this name. Choose a different one.")


class RewardsUseSegment(BusinessRule):
    message = _("A reward is only for this segment. Change the reward first.")


class NotAList(BusinessRule):
    message = _("This segment's rule decides who is in it. Change the rule instead.")


_REFUSALS = {"uq_customer_segments_name": SegmentNameTaken()}


def create(
    id: str, facts: SegmentFacts, *, kind: SegmentKind, by: Actor, at: datetime
) -> CustomerSegment:
    """Add a segment and gather its members. A second press returns the first one's."""
    by.needs(Permission.SEGMENTS_EDIT)
    values = columns(facts) | {"kind": kind}
    with refusing(_REFUSALS):
        segment, made = insert_once(CustomerSegment(id=id, **values))
    if made:
        events.happened("segment.created", segment, by=by, after=values, at=at)
        if kind is SegmentKind.DYNAMIC:
            refreshing.refresh_soon(segment, at)
    return segment


def edit(
    segment_id: str, facts: SegmentFacts, *, version: int | None, by: Actor, at: datetime
) -> CustomerSegment:
    """Change name, description or rules. The same again changes nothing."""
    by.needs(Permission.SEGMENTS_EDIT)
    segment = find(CustomerSegment, segment_id, lock=True)
    before, after = changes(segment, facts)
    if not after:
        return segment
    check_version(segment, version)
    with refusing(_REFUSALS):
        put(segment, facts)
    events.happened("segment.edited", segment, by=by, before=before, after=after, at=at)
    if "rules" in after:
        refreshing.refresh_soon(segment, at)
    return segment


def delete(segment_id: str, *, by: Actor, at: datetime) -> CustomerSegment:
    """Mark it as deleted; its members are kept for the day it comes back."""
    by.needs(Permission.SEGMENTS_EDIT)
    segment = find(CustomerSegment, segment_id, lock=True)
    count = db.session.scalar(
        select(func.count(Reward.id)).where(
            Reward.segment_id == segment_id, Reward.deleted_at.is_(None)
        )
    )
    if count:
        raise RewardsUseSegment(
            ngettext(
                "%(num)s reward is only for this segment. Change it first.",
                "%(num)s rewards are only for this segment. Change them first.",
                count,
            )
        )
    db.session.delete(segment)
    db.session.flush()
    events.happened("segment.deleted", segment, by=by, at=at)
    return segment


def restore(segment_id: str, *, by: Actor, at: datetime) -> CustomerSegment:
    """Bring a deleted segment back, with the members of today."""
    by.needs(Permission.SEGMENTS_EDIT)
    segment = find(CustomerSegment, segment_id, lock=True, deleted_too=True)
    taken = SegmentNameTaken(
        _(
            "A segment called %(name)s exists by now. Rename it, then restore this one.",
            name=segment.name,
        )
    )
    if not bring_back(segment, {"uq_customer_segments_name": taken}):
        return segment
    if segment.kind is SegmentKind.DYNAMIC:
        refreshing.refresh_soon(segment, at)
    else:
        refreshing.recount(segment)
    events.happened("segment.restored", segment, by=by, at=at)
    return segment


def add_members(segment_id: str, customers: Sequence[str] | Any, *, by: Actor, at: datetime) -> int:
    """Add customers to a hand-made list: ids, or a query of ids. Says how many came new."""
    by.needs(Permission.SEGMENTS_EDIT)
    segment = _list(segment_id)
    named = isinstance(customers, Sequence) and len(customers) <= NAMED_IN_LOG
    if isinstance(customers, Sequence):
        customers = select(Customer.id).where(Customer.id.in_(customers))
    statement = refreshing.joining(segment_id, customers, at)
    if named:
        added = db.session.scalars(statement.returning(CustomerSegmentMember.customer_id)).all()
        count, after = len(added), _who(added)
    else:
        result: Any = db.session.execute(statement)
        count, after = result.rowcount, {"count": result.rowcount}
    if count:
        refreshing.recount(segment)
        events.happened("segment.members_added", segment, by=by, after=after, at=at)
    return int(count)


def remove_members(segment_id: str, customers: Sequence[str], *, by: Actor, at: datetime) -> int:
    """Take customers off a hand-made list. Says how many were on it."""
    by.needs(Permission.SEGMENTS_EDIT)
    segment = _list(segment_id)
    removed = list(
        db.session.scalars(
            delete_rows(CustomerSegmentMember)
            .where(
                CustomerSegmentMember.segment_id == segment_id,
                CustomerSegmentMember.customer_id.in_(customers),
            )
            .returning(CustomerSegmentMember.customer_id),
            execution_options={"synchronize_session": False},
        )
    )
    if removed:
        refreshing.recount(segment)
        events.happened("segment.members_removed", segment, by=by, before=_who(removed), at=at)
    return len(removed)


def _list(segment_id: str) -> CustomerSegment:
    segment = find(CustomerSegment, segment_id, lock=True)
    if segment.kind is not SegmentKind.MANUAL:
        raise NotAList
    return segment


def _who(ids: Sequence[str]) -> dict[str, Any]:
    named = {"customers": sorted(ids)} if len(ids) <= NAMED_IN_LOG else {}
    return {"count": len(ids)} | named
