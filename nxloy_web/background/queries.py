"""Reads of background work."""

from collections.abc import Sequence

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.tables.jobs import JobRun, JobState

SHOWN = 50


def recent() -> Sequence[JobRun]:
    """The latest jobs, the newest first."""
    return db.session.scalars(
        select(JobRun).order_by(JobRun.created_at.desc(), JobRun.id.desc()).limit(SHOWN)
    ).all()


def is_moving(runs: Sequence[JobRun]) -> bool:
    return any(run.state in (JobState.WAITING, JobState.RUNNING) for run in runs)
