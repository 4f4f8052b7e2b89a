"""Reads of the audit log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, tuple_

from nxloy_web.db import db
from nxloy_web.db.cursors import Cursor, write_cursor
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import User

PAGE = 50
KINDS = ("team", "customer", "system")
"""Who acts: what can be chosen instead of a person."""


@dataclass(frozen=True)
class Filter:
    """What of the log to show; empty strings do not filter."""

    subject_type: str = ""
    who: str = ""
    """The id of a person, or one of KINDS."""
    subject_id: str = ""
    before: Cursor | None = None
    """The last entry that was seen."""


def entries(filter_: Filter) -> tuple[Sequence[Any], str]:
    """A page of entries with the name of who acted, newest first, and the cursor of the next."""
    statement = (
        select(AuditEntry, User.name)
        .outerjoin(User, User.id == AuditEntry.actor_user_id)
        .order_by(AuditEntry.occurred_at.desc(), AuditEntry.id.desc())
        .limit(PAGE + 1)
    )
    if filter_.subject_type:
        statement = statement.where(AuditEntry.subject_type == filter_.subject_type)
    if filter_.subject_id:
        statement = statement.where(AuditEntry.subject_id == filter_.subject_id)
    if filter_.who in KINDS:
        statement = statement.where(AuditEntry.actor_kind == filter_.who)
    elif filter_.who:
        statement = statement.where(AuditEntry.actor_user_id == filter_.who)
    if filter_.before is not None:
        older = tuple_(AuditEntry.occurred_at, AuditEntry.id) < tuple_(*filter_.before)
        statement = statement.where(older)
    rows = db.session.execute(statement).all()
    if len(rows) <= PAGE:
        return rows, ""
    last = rows[PAGE - 1][0]
    return rows[:PAGE], write_cursor(last.occurred_at, last.id)


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
