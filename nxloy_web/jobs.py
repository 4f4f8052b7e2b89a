"""Background work: `@task` declares it, `enqueue` queues it in the caller's transaction.

Every task works for one business and takes its id first; arguments are ids and figures, never
names or texts. The worker enters app context and scope, so a task reads as plain service code
and commits where it wants a batch to stand.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Any, Generic, ParamSpec

import procrastinate
from procrastinate import JobContext
from procrastinate.exceptions import AlreadyEnqueued, JobAborted
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.retry import RetryDecision
from procrastinate.tasks import configure_task
from sqlalchemy import text, update

from nxloy_web import job_runs
from nxloy_web.db import db, doors
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import current_business_id, enter_scope
from nxloy_web.tables.jobs import JobRun

log = logging.getLogger(__name__)
P = ParamSpec("P")

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
# Jobs are put in through the session's own connection, by a manager that never opens one: inside
# a worker the queue's connector is an asynchronous one, which could not use that connection.
_putting = JobManager(procrastinate.SyncPsycopgConnector())
_around: list[Callable[[], AbstractContextManager[object]]] = []
_context: ContextVar[JobContext | None] = ContextVar("job", default=None)
_run_id: ContextVar[str | None] = ContextVar("job_run", default=None)
_next_at: ContextVar[datetime | None] = ContextVar("job_next_at", default=None)
_by_the_clock: set[str] = set()


@dataclass(frozen=True)
class Task(Generic[P]):
    """A function that a worker runs by its name; calling it runs it here and now."""

    name: str
    function: Callable[P, None]

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> None:
        self.function(*args, **kwargs)

    def arguments(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """The arguments of a call by their names: a job is kept with them."""
        return dict(signature(self.function).bind(*args, **kwargs).arguments)


LONGEST_WAIT = 3_600
"""Seconds between two tries: what came back is used within the hour."""


class _Retry(procrastinate.RetryStrategy):
    """Try again a few times, always later; a job paused by a stopping worker always goes on."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, JobAborted):
            return RetryDecision(retry_in={"seconds": 0})
        if job.attempts >= (self.max_attempts or 0):  # theirs reads 0 as "for ever"
            return None
        seconds = min(self.exponential_wait ** (job.attempts + 1), LONGEST_WAIT)
        return RetryDecision(retry_in={"seconds": seconds})

    def next_at(self, error: BaseException, job: Job) -> datetime | None:
        """When the job is tried again after this error; None for never."""
        decision = self.get_retry_decision(exception=error, job=job)
        return None if decision is None else decision.retry_at


def task(name: str, *, retry: int = 3) -> Callable[[Callable[P, None]], Task[P]]:
    """Declare background work for one business; called as `f(**arguments)` inside its scope."""
    strategy = _Retry(max_attempts=retry, exponential_wait=3)

    def declare(function: Callable[P, None]) -> Task[P]:
        work: Callable[..., None] = function

        @queue.task(name=name, pass_context=True, retry=strategy)
        @wraps(function)
        def run(
            context: JobContext, business_id: str, run_id: str | None = None, **arguments: Any
        ) -> None:
            _context.set(context)
            job = context.job
            with _around[0](), enter_scope(business_id):
                run_id = job_runs.begin(run_id, job)
                _run_id.set(run_id)
                try:
                    work(**arguments)
                    db.session.commit()
                except JobAborted:
                    db.session.rollback()
                    job_runs.pause(run_id)
                    raise
                except Exception as error:
                    db.session.rollback()
                    job_runs.fail(run_id, job, strategy.next_at(error, job))
                    raise
                job_runs.end(run_id)
                if name in _by_the_clock:
                    job_runs.overtake(name)

        return Task(name, function)

    return declare


def open_task(name: str, *, retry: int = 5) -> Callable[[Callable[P, None]], Task[P]]:
    """Declare background work that belongs to no business (mail that is on its way out)."""
    strategy = _Retry(max_attempts=retry, exponential_wait=5)

    def declare(function: Callable[P, None]) -> Task[P]:
        work: Callable[..., None] = function

        @queue.task(name=name, pass_context=True, retry=strategy)
        @wraps(function)
        def run(context: JobContext, **arguments: Any) -> None:
            _next_at.set(strategy.next_at(RuntimeError(), context.job))
            with _around[0]():
                try:
                    work(**arguments)
                    db.session.commit()
                finally:
                    db.session.remove()

        return Task(name, function)

    return declare


def every(cron: str) -> Callable[[Task[P]], Task[P]]:
    """Run a declared task for every business on a schedule (UTC), one job a business."""

    def declare(declared: Task[P]) -> Task[P]:
        name = declared.name
        _by_the_clock.add(name)

        @queue.periodic(cron=cron)
        @queue.task(name=f"each.{name}", queueing_lock=f"each.{name}")
        def spread(timestamp: int) -> None:
            with _around[0]():
                for business_id in doors.business_ids():
                    with enter_scope(business_id):
                        _defer(
                            name,
                            lock=f"{name}:{business_id}",
                            arguments={"business_id": business_id},
                        )
                        db.session.commit()

        return declared

    return declare


@queue.periodic(cron="* * * * *")
@queue.task(name="jobs.go_on", queueing_lock="jobs.go_on", pass_context=True)
async def go_on(context: JobContext, timestamp: int) -> None:
    """Take up again what a killed worker left behind; each job resumes where it had committed."""
    await go_on_with_stalled(context.app.job_manager)


@queue.periodic(cron="17 3 * * *")
@queue.task(name="jobs.tidy", queueing_lock="jobs.tidy", pass_context=True)
async def tidy(context: JobContext, timestamp: int) -> None:
    """Forget jobs that ended a week ago; what people see of them is in job_runs."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=7 * 24, include_failed=True, include_cancelled=True, include_aborted=True
    )


def enqueue(task: Task[P], /, *args: P.args, **named: P.kwargs) -> None:
    """Queue `task` for the business in scope; it runs only if this transaction commits."""
    _defer_here(task, task.arguments(*args, **named))


def enqueue_for(at: datetime, task: Task[P], /, *args: P.args, **named: P.kwargs) -> None:
    """The same, to be run at that moment or later."""
    _defer_here(task, task.arguments(*args, **named), at)


def enqueue_shown(
    task: Task[P], subject_id: str | None, /, *args: P.args, **named: P.kwargs
) -> JobRun:
    """The same, with a row for the dashboard to follow, which says what it is about."""
    run = JobRun(id=new_id(), kind=task.name, subject_id=subject_id)
    db.session.add(run)
    db.session.flush()
    run.job_id = _defer_here(task, task.arguments(*args, **named) | {"run_id": run.id})
    return run


def enqueue_open(task: Task[P], /, *args: P.args, **named: P.kwargs) -> int | None:
    """Queue work that belongs to no business, in the caller's transaction."""
    return _defer(task.name, arguments=task.arguments(*args, **named))


def again(job_id: int | None, **more: str) -> int | None:
    """Have a job of the business in scope tried now: the id of the one that does it.

    One that waits is only brought forward and one at work is let be, so there are never two. None
    when the queue has forgotten it.
    """
    known = {"id": job_id, "business_id": current_business_id()}
    job = db.session.execute(
        text(
            "SELECT task_name, args, status FROM jobs.procrastinate_jobs"
            " WHERE id = :id AND args->>'business_id' = :business_id FOR UPDATE"
        ),
        known,
    ).one_or_none()
    if job is None:
        return None
    if job.status == "doing":
        return job_id
    if job.status == "todo":
        sooner = "UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL WHERE id = :id"
        db.session.execute(text(sooner), known)
        return job_id
    return _defer(job.task_name, arguments=job.args | more)


def next_try_at() -> datetime | None:
    """When the open job that calls this is tried again should it fail now; None for never."""
    return _next_at.get()


def progress(done: int, total: int | None = None) -> None:
    """Move the bar of the job that calls this; the caller commits."""
    values: dict[str, Any] = {"done": done} | ({} if total is None else {"total": total})
    run_id = _run_id.get()
    if run_id:
        db.session.execute(update(JobRun).where(JobRun.id == run_id).values(**values))


def pause_if_stopping() -> None:
    """For long jobs, right after a commit: the worker is told to stop, so go on after its start."""
    context = _context.get()
    if context is not None and context.should_abort():
        raise JobAborted


def bind(around: Callable[[], AbstractContextManager[object]]) -> None:
    """Say what every task runs inside of: the context of the application."""
    _around[:] = [around]


async def go_on_with_stalled(manager: JobManager) -> None:
    for job in await manager.get_stalled_jobs():
        log.warning("job %s was left by a worker that died; it goes on", job.id)
        await manager.retry_job(job)


def _defer_here(
    task: Task[...], arguments: dict[str, Any], at: datetime | None = None
) -> int | None:
    arguments = {"business_id": current_business_id()} | arguments
    return _defer(task.name, arguments=arguments, at=at)


def _defer(
    name: str,
    *,
    arguments: dict[str, Any],
    lock: str | None = None,
    at: datetime | None = None,
) -> int | None:
    # A lock that is held already breaks a constraint, and with it the transaction.
    with suppress(AlreadyEnqueued), db.session.begin_nested() if lock else nullcontext():
        # The session's own connection, asked for through the session so that transaction and
        # savepoint have begun: on a raw one that has not, the job would be lost without a word.
        connection = db.session.connection().connection.driver_connection
        job = configure_task(
            name=name,
            job_manager=_putting,
            connection=connection,
            queueing_lock=lock,
            schedule_at=at,
        )
        return int(job.defer(**arguments))
    return None
