"""Background work: `@task` declares it, `enqueue` queues it in the caller's transaction.

Every task works for one business and takes its id first; arguments are ids and figures, never
names or texts. The worker enters app context and scope, so a task reads as plain service code
and commits where it wants a batch to stand.
"""

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext, suppress
from contextvars import ContextVar
from functools import wraps
from typing import Any

import procrastinate
import psycopg
from flask import Flask
from procrastinate import JobContext
from procrastinate.exceptions import AlreadyEnqueued, JobAborted
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.retry import RetryDecision
from procrastinate.tasks import configure_task
from psycopg.conninfo import make_conninfo
from sqlalchemy import update

from nxloy_web import clock
from nxloy_web.config import VERSION, without_driver
from nxloy_web.db import db, doors
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import current_business_id, enter_scope
from nxloy_web.tables.jobs import JobRun, JobState

log = logging.getLogger(__name__)
Task = Callable[..., None]

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
# Jobs are put in through the session's own connection, by a manager that never opens one: inside
# a worker the queue's connector is an asynchronous one, which could not use that connection.
_putting = JobManager(procrastinate.SyncPsycopgConnector())
_flask: list[Flask] = []
_context: ContextVar[JobContext | None] = ContextVar("job", default=None)
_run_id: ContextVar[str | None] = ContextVar("job_run", default=None)

FAILED = "This stopped because of an error on our side. Nothing half done was kept; start it again."
AGAIN = "This stopped because of an error on our side and is tried again by itself."
STOP_SECONDS = 8.0
"""How long a worker that is told to stop lets its jobs run on before it asks them to pause."""


class _Retry(procrastinate.RetryStrategy):
    """Try again a few times, always later; a job paused by a stopping worker always goes on."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        if isinstance(exception, JobAborted):
            return RetryDecision(retry_in={"seconds": 0})
        if job.attempts >= (self.max_attempts or 0):  # theirs reads 0 as "for ever"
            return None
        return super().get_retry_decision(exception=exception, job=job)


def task(name: str, *, retry: int = 3) -> Callable[[Task], Task]:
    """Declare background work for one business; called as `f(**arguments)` inside its scope."""
    strategy = _Retry(max_attempts=retry, exponential_wait=3)

    def declare(function: Task) -> Task:
        @queue.task(name=name, pass_context=True, retry=strategy)
        @wraps(function)
        def run(
            context: JobContext, business_id: str, run_id: str | None = None, **arguments: Any
        ) -> None:
            _context.set(context)
            _run_id.set(run_id)
            with _flask[0].app_context(), enter_scope(business_id):
                _mark(state=JobState.RUNNING, error=None, started_at=clock.now())
                try:
                    function(**arguments)
                    db.session.commit()
                except Exception as error:
                    db.session.rollback()
                    _mark(**_after(error, strategy, context.job))
                    raise
                _mark(state=JobState.DONE, error=None, finished_at=clock.now())

        function.task_name = name  # type: ignore[attr-defined]
        return function

    return declare


def open_task(name: str, *, retry: int = 5) -> Callable[[Task], Task]:
    """Declare background work that belongs to no business (mail that is on its way out)."""

    def declare(function: Task) -> Task:
        @queue.task(name=name, retry=_Retry(max_attempts=retry, exponential_wait=5))
        @wraps(function)
        def run(**arguments: Any) -> None:
            with _flask[0].app_context():
                try:
                    function(**arguments)
                    db.session.commit()
                finally:
                    db.session.remove()

        function.task_name = name  # type: ignore[attr-defined]
        return function

    return declare


def every(cron: str) -> Callable[[Task], Task]:
    """Run a declared task for every business on a schedule (UTC), one job a business."""

    def declare(function: Task) -> Task:
        name = function.task_name  # type: ignore[attr-defined]

        @queue.periodic(cron=cron)
        @queue.task(name=f"each.{name}", queueing_lock=f"each.{name}")
        def spread(timestamp: int) -> None:
            with _flask[0].app_context():
                for business_id in doors.business_ids():
                    with enter_scope(business_id):
                        _defer(
                            name,
                            lock=f"{name}:{business_id}",
                            arguments={"business_id": business_id},
                        )
                        db.session.commit()

        return function

    return declare


@queue.periodic(cron="* * * * *")
@queue.task(name="jobs.go_on", queueing_lock="jobs.go_on", pass_context=True)
async def go_on(context: JobContext, timestamp: int) -> None:
    """Take up again what a killed worker left behind; each job resumes where it had committed."""
    await _go_on(context.app.job_manager)


@queue.periodic(cron="17 3 * * *")
@queue.task(name="jobs.tidy", queueing_lock="jobs.tidy", pass_context=True)
async def tidy(context: JobContext, timestamp: int) -> None:
    """Forget jobs that ended a week ago; what people see of them is in job_runs."""
    await context.app.job_manager.delete_old_jobs(
        nb_hours=7 * 24, include_failed=True, include_cancelled=True, include_aborted=True
    )


def enqueue(
    function: Task, *, shown: bool = False, subject_id: str = "", **arguments: Any
) -> JobRun | None:
    """Queue `function` for the business in scope; it runs only if this transaction commits.

    With `shown` the dashboard gets a row to follow, which is returned.
    """
    name: str = function.task_name  # type: ignore[attr-defined]
    run = None
    if shown:
        run = JobRun(id=new_id(), kind=name, subject_id=subject_id or None)
        db.session.add(run)
        db.session.flush()
        arguments["run_id"] = run.id
    job_id = _defer(name, arguments={"business_id": current_business_id()} | arguments)
    if run is not None:
        run.job_id = job_id
    return run


def enqueue_open(function: Task, **arguments: Any) -> None:
    """Queue work that belongs to no business, in the caller's transaction."""
    _defer(function.task_name, arguments=arguments)  # type: ignore[attr-defined]


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


def run_worker(app: Flask, *, concurrency: int = 2) -> None:
    """Work until told to stop by a signal."""
    _work(app, wait=True, concurrency=concurrency)


def take_up(app: Flask) -> None:
    """Put back what killed workers left behind, without waiting for the minute."""

    async def work() -> None:
        async with queue.open_async():
            await _go_on(queue.job_manager)

    connector = procrastinate.PsycopgConnector(conninfo=_address(app), min_size=1, max_size=1)
    with queue.replace_connector(connector), ThreadPoolExecutor(1) as worker:
        worker.submit(asyncio.run, work()).result()


def run_until_idle(app: Flask) -> None:
    """Work until nothing that is due is left; for commands and tests.

    In a thread of its own: the caller may have an event loop running, and a second one cannot
    be started in the same thread.
    """
    with ThreadPoolExecutor(1) as worker:
        worker.submit(_work_until_idle, app).result()


def _work_until_idle(app: Flask) -> None:
    while True:
        _work(app, wait=False, concurrency=1)
        if not _something_is_due(app):
            return


def bind(app: Flask) -> None:
    """Remember the application that tasks run in."""
    _flask[:] = [app]


async def _go_on(manager: JobManager) -> None:
    for job in await manager.get_stalled_jobs():
        log.warning("job %s was left by a worker that died; it goes on", job.id)
        await manager.retry_job(job)


def _work(app: Flask, *, wait: bool, concurrency: int) -> None:
    bind(app)
    # min_size: a waiting worker listens on one connection and asks on another.
    connector = procrastinate.PsycopgConnector(conninfo=_address(app), min_size=1, max_size=4)
    with queue.replace_connector(connector) as working:
        # A run until the queue is empty must not start what is due by the clock.
        working.periodic_defaults = {} if wait else {"max_delay": 0}
        working.run_worker(
            wait=wait,
            concurrency=concurrency,
            listen_notify=wait,
            install_signal_handlers=wait,
            shutdown_graceful_timeout=STOP_SECONDS,
        )


def _something_is_due(app: Flask) -> bool:
    with psycopg.connect(_address(app)) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM jobs.procrastinate_jobs WHERE status = 'todo' "
            "AND coalesce(scheduled_at, now()) <= now())"
        ).fetchone()
        return bool(row and row[0])


def address_setting(app: Flask) -> str:
    """The setting that says where the worker signs in: its own, or else the application's."""
    return "WORKER_DATABASE_URL" if app.config["WORKER_DATABASE_URL"] else "DATABASE_URL"


def _address(app: Flask) -> str:
    url: str = app.config[address_setting(app)]
    # The queue's own connections say their version too: a worker that waits for work has no
    # other, and a contract step must not take away what an older one still needs.
    return make_conninfo(
        without_driver(url),
        application_name=f"nxloy/{VERSION}/worker",
    )


def _defer(name: str, *, arguments: dict[str, Any], lock: str | None = None) -> int | None:
    # A lock that is held already breaks a constraint, and with it the transaction.
    with suppress(AlreadyEnqueued), db.session.begin_nested() if lock else nullcontext():
        # The session's own connection, asked for through the session so that transaction and
        # savepoint have begun: on a raw one that has not, the job would be lost without a word.
        connection = db.session.connection().connection.driver_connection
        job = configure_task(
            name=name, job_manager=_putting, connection=connection, queueing_lock=lock
        )
        return int(job.defer(**arguments))
    return None


def _after(error: Exception, strategy: _Retry, job: Job) -> dict[str, Any]:
    if strategy.get_retry_decision(exception=error, job=job) is None:
        return {"state": JobState.FAILED, "error": FAILED, "finished_at": clock.now()}
    paused = isinstance(error, JobAborted)
    return {"state": JobState.WAITING, "error": None if paused else AGAIN}


def _mark(**values: Any) -> None:
    run_id = _run_id.get()
    if run_id is None:
        return
    db.session.execute(update(JobRun).where(JobRun.id == run_id).values(**values))
    db.session.commit()
