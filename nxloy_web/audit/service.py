"""Writing down what people changed, in the transaction of the change."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from nxloy_web import clock
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.base import TenantMixin
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.texts import Text

Facts = dict[str, Any]


def record(
    action: str,
    subject: TenantMixin | Any,
    *,
    by: Actor,
    before: Facts | None = None,
    after: Facts | None = None,
    at: datetime | None = None,
) -> None:
    """Add one entry. Pass only what changed, and ids instead of people's names."""
    db.session.add(
        AuditEntry(
            action=action,
            subject_type=type(subject).__name__,
            subject_id=subject.id,
            actor_kind=by.kind,
            actor_user_id=by.user_id,
            actor_role=None if by.role is None else by.role.value,
            before=None if before is None else _plain(before),
            after=None if after is None else _plain(after),
            request_id=by.request_id,
            occurred_at=at or clock.now(),
        )
    )


def changes(row: Any, values: Facts) -> tuple[Facts, Facts]:
    """What setting `values` on `row` would change, as (before, after); sets nothing."""
    changed = {name: value for name, value in values.items() if getattr(row, name) != value}
    return {name: getattr(row, name) for name in changed}, changed


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case enum.Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case Decimal() | Text():
            return str(value)
        case BaseModel():
            return value.model_dump(mode="json")
        case _:
            return value
