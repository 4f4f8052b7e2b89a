"""Reads of background work: policies show a business its own work and mail alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.db.paging import Order, Page
from nxloy_web.tables.jobs import JobRun, JobState
from nxloy_web.tables.mail import OutboundMail, UnsentMail

VIEWS: dict[str, Sequence[JobState]] = {
    "": tuple(JobState),
    "at-work": (JobState.WAITING, JobState.RUNNING),
    "failed": (JobState.FAILED,),
}
_NEWEST_FIRST = Order(JobRun.created_at, JobRun.id, descending=True)
_OLDEST_FIRST = Order(UnsentMail.created_at, UnsentMail.id)


@dataclass(frozen=True)
class Unsent:
    """A mail that is not out, and whether it could be sent."""

    mail: UnsentMail
    has_words: bool

    @property
    def is_given_up(self) -> bool:
        return not self.has_words or (self.mail.tries > 0 and self.mail.next_at is None)


def runs(view: str, seen: str) -> Page[JobRun]:
    """Work in these states, the newest first."""
    statement = select(JobRun).where(JobRun.state.in_(VIEWS[view]))
    return _NEWEST_FIRST.page(statement, after=seen).each(lambda row: row[0])


def counts() -> dict[str, int]:
    """How much work each view but the first has."""
    found = db.session.execute(
        select(JobRun.state, func.count()).where(JobRun.state != JobState.DONE).group_by("state")
    )
    by_state = {row[0]: row[1] for row in found}
    return {
        view: sum(by_state.get(state, 0) for state in states)
        for view, states in VIEWS.items()
        if view
    }


def unsent(seen: str) -> Page[Unsent]:
    """Mail that is not out, the oldest first."""
    statement = select(UnsentMail, OutboundMail.recipient.is_not(None)).outerjoin(
        OutboundMail, OutboundMail.id == UnsentMail.id
    )
    return _OLDEST_FIRST.page(statement, after=seen).each(lambda row: Unsent(row[0], bool(row[1])))


def is_moving(runs: Sequence[JobRun]) -> bool:
    return any(run.state in (JobState.WAITING, JobState.RUNNING) for run in runs)
