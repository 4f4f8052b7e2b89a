"""Reads of the audit log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, select

from nxloy_web.db import db
from nxloy_web.db.paging import Order, Page
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import User

PAGE = 50
NEWEST_FIRST = Order(AuditEntry.occurred_at, AuditEntry.id, descending=True)
KINDS = ("team", "customer", "system")
"""Who acts: what can be chosen instead of a person."""


@dataclass(frozen=True)
class Filter:
    """What of the log to show; what is empty does not filter. Days are the business's."""

    subject_type: str = ""
    who: str = ""
    """The id of a person, or one of KINDS."""
    subject_id: str = ""
    since: date | None = None
    until: date | None = None
    """The last day shown."""

    @property
    def is_set(self) -> bool:
        return self != Filter()


def entries(filter_: Filter, zone: ZoneInfo, seen: str) -> Page[Row[AuditEntry, str | None]]:
    """A page of entries with the name of who acted, those before the last one that was seen."""
    return NEWEST_FIRST.page(_listed(filter_, zone), after=seen, size=PAGE)


def everything(
    filter_: Filter, zone: ZoneInfo, batch: int = 500
) -> Iterator[Sequence[Row[AuditEntry, str | None]]]:
    """All entries of the list, in batches: for the export."""
    yield from NEWEST_FIRST.batches(_listed(filter_, zone), batch)


def last_change(subject_type: str, subject_id: str) -> tuple[str, datetime] | None:
    """Who changed a row last, and when: for "Maria changed this a minute ago"."""
    row = db.session.execute(
        select(User.name, AuditEntry.occurred_at)
        .join(User, User.id == AuditEntry.actor_user_id)
        .where(AuditEntry.subject_type == subject_type, AuditEntry.subject_id == subject_id)
        .order_by(AuditEntry.occurred_at.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def people() -> Sequence[Any]:
    """Everybody with an entry, for the filter."""
    acted = select(AuditEntry.actor_user_id).distinct()
    return db.session.execute(
        select(User.id, User.name).where(User.id.in_(acted)).order_by(User.name)
    ).all()


def subject_types() -> Sequence[str]:
    return db.session.scalars(
        select(AuditEntry.subject_type).distinct().order_by(AuditEntry.subject_type)
    ).all()


def _listed(filter_: Filter, zone: ZoneInfo) -> Select[AuditEntry, str | None]:
    statement: Any = select(AuditEntry, User.name).outerjoin(
        User, User.id == AuditEntry.actor_user_id
    )
    if filter_.subject_type:
        statement = statement.where(AuditEntry.subject_type == filter_.subject_type)
    if filter_.subject_id:
        statement = statement.where(AuditEntry.subject_id == filter_.subject_id)
    if filter_.who in KINDS:
        statement = statement.where(AuditEntry.actor_kind == filter_.who)
    elif filter_.who:
        statement = statement.where(AuditEntry.actor_user_id == filter_.who)
    if filter_.since is not None:
        statement = statement.where(AuditEntry.occurred_at >= _start(filter_.since, zone))
    if filter_.until is not None:
        end = _start(filter_.until + timedelta(days=1), zone)
        statement = statement.where(AuditEntry.occurred_at < end)
    return statement


def _start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)
