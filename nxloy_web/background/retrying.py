"""Having work that has failed, or mail that is not out, tried again.

The queue holds each of them once: what waits is only brought forward, and what is at work is let
be. So pressing twice, or two people at once, does nothing twice.
"""

from datetime import datetime

from sqlalchemy import select

from nxloy_web import jobs
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.errors import BusinessRule
from nxloy_web.permissions import Permission
from nxloy_web.tables.jobs import JobRun, JobState
from nxloy_web.tables.mail import OutboundMail, UnsentMail
from nxloy_web.texts import _


class Forgotten(BusinessRule):
    message = _("This is too long ago to be tried again.")


class WordsGone(BusinessRule):
    message = _("What this mail said was deleted after a day, so it cannot be sent any more.")


def work_again(run_id: str, *, by: Actor) -> JobRun:
    """Queue work again that has failed: it goes on behind what it had finished."""
    by.needs(Permission.JOBS_RETRY)
    run = find(JobRun, run_id, lock=True)
    if run.state is not JobState.FAILED:
        return run  # pressed twice
    run.job_id = jobs.again(run.job_id, run_id=run.id)
    if run.job_id is None:
        raise Forgotten
    run.state, run.error, run.finished_at = JobState.WAITING, None, None
    return run


def mail_again(mail_id: str, *, by: Actor, at: datetime) -> bool:
    """Try a mail now instead of later; whether it still waits: it may be out by now."""
    by.needs(Permission.JOBS_RETRY)
    mail = db.session.scalar(
        select(UnsentMail).where(UnsentMail.id == mail_id).with_for_update(of=UnsentMail)
    )
    if mail is None:
        return False
    if not _has_words(mail_id):
        raise WordsGone
    if mail.next_at is not None and mail.next_at <= at:
        return True  # pressed twice
    mail.job_id = jobs.again(mail.job_id)
    if mail.job_id is None:
        raise Forgotten
    mail.next_at = at
    return True


def _has_words(mail_id: str) -> bool:
    kept = select(OutboundMail.id).where(
        OutboundMail.id == mail_id, OutboundMail.recipient.is_not(None)
    )
    return db.session.scalar(kept) is not None
