"""Writing down what happened, in the transaction of the change."""

import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel

from nxloy_web.db import db
from nxloy_web.events import Event, Facts
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.texts import Text


def write_down(event: Event) -> None:
    """Every event is an entry of the audit log."""
    by = event.by
    db.session.add(
        AuditEntry(
            action=event.name,
            subject_type=type(event.subject).__name__,
            subject_id=event.subject.id,
            actor_kind=by.kind,
            actor_user_id=by.user_id,
            actor_role=None if by.role is None else by.role.value,
            before=_plain(event.before),
            after=_plain(_marked(event)),
            request_id=by.request_id,
            occurred_at=event.at,
        )
    )


def _marked(event: Event) -> Facts | None:
    """What somebody did for their own card says so."""
    if not event.by.on_own_card:
        return event.after
    return {**(event.after or {}), "on_own_card": True}


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
