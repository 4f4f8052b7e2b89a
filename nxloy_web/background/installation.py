"""What the operator sees of the queue and of mail: counts, and nothing of any business."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from nxloy_web.db import db
from nxloy_web.mail.delivery import TOLD_FOR
from nxloy_web.tables.mail import OutboundMail

_WORK = text("""
    SELECT task_name AS kind,
           count(*) FILTER (WHERE status = 'todo') AS waits,
           count(*) FILTER (WHERE status = 'doing') AS runs,
           count(*) FILTER (WHERE status = 'failed') AS failed,
           min(e.queued_at) FILTER (WHERE status = 'todo') AS since,
           min(scheduled_at) FILTER (WHERE status = 'todo') AS next_at
    FROM jobs.procrastinate_jobs j
    LEFT JOIN LATERAL (
      SELECT min(at) AS queued_at FROM jobs.procrastinate_events WHERE job_id = j.id
    ) e ON true
    WHERE status IN ('todo', 'doing', 'failed')
    GROUP BY task_name ORDER BY failed DESC, waits DESC, task_name
""")
_BY_THE_CLOCK = text("""
    SELECT task_name AS kind, to_timestamp(max(defer_timestamp)) AS last_at
    FROM jobs.procrastinate_periodic_defers GROUP BY task_name ORDER BY task_name
""")


def work() -> Sequence[Any]:
    """Jobs that wait, run, or have failed in the last week, by kind."""
    return db.session.execute(_WORK).all()


def by_the_clock() -> Sequence[Any]:
    """When each kind of scheduled work was last begun."""
    return db.session.execute(_BY_THE_CLOCK).all()


def unsent() -> Sequence[Any]:
    """Mails that are not out, by the reason."""
    return db.session.execute(
        select(
            OutboundMail.error.label("reason"),
            func.count().label("mails"),
            func.min(OutboundMail.created_at).label("since"),
        )
        .where(OutboundMail.sent_at.is_(None), OutboundMail.recipient.is_not(None))
        .group_by(OutboundMail.error)
        .order_by(func.count().desc())
    ).all()


def given_up(at: datetime) -> int:
    """Mails of the last days that never left; their words are deleted."""
    return (
        db.session.scalar(
            select(func.count()).where(
                OutboundMail.sent_at.is_(None),
                OutboundMail.recipient.is_(None),
                OutboundMail.created_at > at - TOLD_FOR,
            )
        )
        or 0
    )
