"""What people see of a job: a row that follows it. Work that somebody waits for has one from the
beginning, all other work from its first failure on."""

from datetime import datetime
from typing import Any

from procrastinate.jobs import Job
from sqlalchemy import select, update

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.tables.jobs import JobRun, JobState

# True of every job: each commits only steps that are whole, and goes on behind the last of them.
FAILED = (
    "This stopped because of an error on our side. What was finished until then is kept; "
    "started again, it goes on from there."
)
AGAIN = "This stopped because of an error on our side and is tried again by itself."


def begin(run_id: str | None, job: Job) -> str | None:
    """Note that the job runs; the id of its row, if it has one by now."""
    if run_id is None and job.attempts:
        run_id = db.session.scalar(select(JobRun.id).where(JobRun.job_id == job.id))
    mark(
        run_id,
        state=JobState.RUNNING,
        error=None,
        started_at=clock.now(),
        tries=job.attempts + 1,
        next_at=None,
    )
    return run_id


def pause(run_id: str | None) -> None:
    """Note that it waits for the next worker, because this one stops."""
    mark(run_id, state=JobState.WAITING, error=None)


def fail(run_id: str | None, job: Job, next_at: datetime | None) -> None:
    """Note a failure, and when the job is tried again: None for never."""
    if run_id is None:
        row = JobRun(kind=job.task_name, job_id=job.id, started_at=clock.now())
        db.session.add(row)
        db.session.flush()
        run_id = row.id
    if next_at is None:
        ended: dict[str, Any] = {"state": JobState.FAILED, "finished_at": clock.now()}
    else:
        ended = {"state": JobState.WAITING}
    error = FAILED if next_at is None else AGAIN
    mark(run_id, error=error, next_at=next_at, tries=job.attempts + 1, **ended)


def end(run_id: str | None) -> None:
    mark(run_id, state=JobState.DONE, error=None, finished_at=clock.now())


def overtake(kind: str) -> None:
    """What runs by the clock has made up for its earlier failures once it went well."""
    db.session.execute(
        update(JobRun)
        .where(JobRun.kind == kind, JobRun.state == JobState.FAILED)
        .values(state=JobState.DONE, error=None),
        execution_options={"synchronize_session": False},
    )
    db.session.commit()


def mark(run_id: str | None, **values: Any) -> None:
    if run_id is None:
        return
    db.session.execute(update(JobRun).where(JobRun.id == run_id).values(**values))
    db.session.commit()
