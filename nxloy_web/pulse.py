"""Whether a worker lives and the mail server answers: what each of them last said of itself.

One row each for the whole installation. It is written a few times a minute at most, however much
work is done, so nobody waits for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.dialects.postgresql import insert

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.tables.jobs import Pulse

WORKER, MAIL = "worker", "mail"
EVERY = timedelta(seconds=15)
"""So often a worker says that it lives; what answers all the time is noted no more often."""
MISSED_AFTER = timedelta(minutes=3)


@dataclass(frozen=True)
class Signs:
    """What is known of both at a moment."""

    at: datetime
    worker_seen_at: datetime | None = None
    mail_ok_at: datetime | None = None
    mail_failed_at: datetime | None = None
    mail_said: str | None = None
    """Why the last mail that did not go out did not, without anybody's address."""

    @property
    def worker_lives(self) -> bool:
        seen = self.worker_seen_at
        return seen is not None and self.at - seen < MISSED_AFTER

    @property
    def goes_out(self) -> bool:
        """Whether a mail that is written now can be expected to arrive soon."""
        return self.worker_lives and not self.mail_fails

    @property
    def mail_fails(self) -> bool:
        """Whether the last try to send a mail failed because of the server."""
        if self.mail_failed_at is None:
            return False
        return self.mail_ok_at is None or self.mail_ok_at < self.mail_failed_at


def look() -> Signs:
    """Both, in one statement."""
    found = {row.name: row for row in db.session.scalars(select(Pulse))}
    worker, mail = found.get(WORKER, Pulse()), found.get(MAIL, Pulse())
    return Signs(clock.now(), worker.ok_at, mail.ok_at, mail.failed_at, mail.said)


def is_well(name: str) -> None:
    """Note that it is alive, or has answered; the caller commits."""
    at = clock.now()
    row = insert(Pulse).values(name=name, ok_at=at)
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[Pulse.name],
            set_={"ok_at": at},
            where=or_(
                Pulse.ok_at.is_(None), Pulse.ok_at <= at - EVERY, Pulse.ok_at <= Pulse.failed_at
            ),
        ),
        execution_options={"synchronize_session": False},
    )


def has_failed(name: str, said: str) -> None:
    """Note that it did not answer, and why; the caller commits."""
    at = clock.now()
    row = insert(Pulse).values(name=name, failed_at=at, said=said)
    db.session.execute(
        row.on_conflict_do_update(
            index_elements=[Pulse.name],
            set_={"failed_at": at, "said": said},
            where=or_(
                Pulse.failed_at.is_(None),
                Pulse.failed_at <= at - EVERY,
                Pulse.failed_at <= Pulse.ok_at,
                Pulse.said != said,
            ),
        ),
        execution_options={"synchronize_session": False},
    )
