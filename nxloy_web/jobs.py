"""Background work: `@task` declares it, `enqueue` queues it in the caller's transaction.

Every task works for one business and takes its id first; arguments are ids and figures, never
names or texts. The worker enters app context and scope, so a task reads as plain service code
and commits where it wants a batch to stand.
"""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

import procrastinate
from flask import Flask
from procrastinate.exceptions import AlreadyEnqueued
from sqlalchemy import update

from nxloy_web import clock
from nxloy_web.background.models import JobRun, JobState
from nxloy_web.db import db, doors
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import current_business_id, enter_scope

log = logging.getLogger(__name__)
Task = Callable[..., None]

queue = procrastinate.App(connector=procrastinate.PsycopgConnector())
_tasks: dict[str, Any] = {}
_flask: list[Flask] = []

FAILED = "This stopped because of an error on our side. Nothing half done was kept; start it again."


def task(name: str, *, retry: int = 3) -> Callable[[Task], Task]:
    """Declare background work for one business; called as `f(business_id=..., **arguments)`."""

    def declare(function: Task) -> Task:
        @wraps(function)
        def run(business_id: str, run_id: str | None = None, **arguments: Any) -> None:
            with _flask[0].app_context(), enter_scope(business_id):
                _mark(run_id, state=JobState.RUNNING, started_at=clock.now())
                try:
                    function(**arguments)
                    db.session.commit()
                except Exception:
                    db.session.rollback()
                    _mark(run_id, state=JobState.FAILED, error=FAILED, finished_at=clock.now())
                    raise
                _mark(run_id, state=JobState.DONE, error=None, finished_at=clock.now())

        declared = queue.task(
            name=name,
            retry=procrastinate.RetryStrategy(max_attempts=retry, exponential_wait=3),
        )(run)
        _tasks[name] = declared
        function.task_name = name  # type: ignore[attr-defined]
        return function

    return declare


def open_task(name: str, *, retry: int = 5) -> Callable[[Task], Task]:
    """Declare background work that belongs to no business (mail that is on its way out)."""

    def declare(function: Task) -> Task:
        @wraps(function)
        def run(**arguments: Any) -> None:
            with _flask[0].app_context():
                try:
                    function(**arguments)
                    db.session.commit()
                finally:
                    db.session.remove()

        _tasks[name] = queue.task(
            name=name,
            retry=procrastinate.RetryStrategy(max_attempts=retry, exponential_wait=5),
        )(run)
        function.task_name = name  # type: ignore[attr-defined]
        return function

    return declare


def every(cron: str) -> Callable[[Task], Task]:
    """Run a declared task for every business on a schedule (UTC), one job a business."""

    def declare(function: Task) -> Task:
        name = function.task_name  # type: ignore[attr-defined]

        @queue.periodic(cron=cron)
        @queue.task(name=f"each.{name}", queueing_lock=f"each.{name}", pass_context=False)
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


def progress(run_id: str | None, done: int, total: int | None = None) -> None:
    """Move a shown job's bar; the caller commits."""
    values: dict[str, Any] = {"done": done} | ({} if total is None else {"total": total})
    if run_id:
        db.session.execute(update(JobRun).where(JobRun.id == run_id).values(**values))


def run_worker(app: Flask, *, wait: bool = True, concurrency: int = 2) -> None:
    """Work through the queue; with `wait` until told to stop, else until it is empty."""
    _flask[:] = [app]
    url = app.config["WORKER_DATABASE_URL"] or app.config["DATABASE_URL"]
    connector = procrastinate.PsycopgConnector(conninfo=url)
    with queue.replace_connector(connector) as working:
        working.run_worker(wait=wait, concurrency=concurrency, listen_notify=wait)


def _defer(name: str, *, arguments: dict[str, Any], lock: str | None = None) -> int | None:
    # The session's own connection, asked for through the session so that the transaction has
    # begun: on a raw connection that has not, the job would be lost without a word.
    connection = db.session.connection().connection.driver_connection
    declared = _tasks[name]
    try:
        job = declared.configure(connection=connection, queueing_lock=lock).defer(**arguments)
    except AlreadyEnqueued:
        return None
    return int(job)


def _mark(run_id: str | None, **values: Any) -> None:
    if run_id is None:
        return
    db.session.execute(update(JobRun).where(JobRun.id == run_id).values(**values))
    db.session.commit()


def bind(app: Flask) -> None:
    """Remember the application that tasks run in."""
    _flask[:] = [app]
