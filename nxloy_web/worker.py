"""The worker: takes up the jobs that `jobs.py` declares and queues."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import procrastinate
import psycopg
from flask import Flask
from psycopg.conninfo import make_conninfo

from nxloy_web.config import VERSION, without_driver
from nxloy_web.jobs import bind, go_on_with_stalled, queue

STOP_SECONDS = 8.0
"""How long a worker that is told to stop lets its jobs run on before it asks them to pause."""


def run_worker(app: Flask, *, concurrency: int = 2) -> None:
    """Work until told to stop by a signal."""
    _work(app, wait=True, concurrency=concurrency)


def take_up(app: Flask) -> None:
    """Put back what killed workers left behind, without waiting for the minute."""

    async def work() -> None:
        async with queue.open_async():
            await go_on_with_stalled(queue.job_manager)

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


def _work(app: Flask, *, wait: bool, concurrency: int) -> None:
    bind(app.app_context)
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
