"""The worker: takes up the jobs that `jobs.py` declares and queues."""

import asyncio
import logging
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import procrastinate
import psycopg
from flask import Flask
from procrastinate.exceptions import ConnectorException
from psycopg.conninfo import make_conninfo
from sqlalchemy.exc import SQLAlchemyError

from nxloy_web import pulse
from nxloy_web.config import without_driver, worker_setting
from nxloy_web.db import db
from nxloy_web.jobs import bind, go_on_with_stalled, queue
from nxloy_web.schema import fitness
from nxloy_web.version import VERSION

log = logging.getLogger(__name__)

STOP_SECONDS = 8.0
"""How long a worker that is told to stop lets its jobs run on before it asks them to pause."""


WAITS = (1, 2, 5, 10, 30)
"""Seconds between tries to begin again, when the database has gone away."""


def run_worker(app: Flask, *, concurrency: int = 2) -> None:
    """Work until told to stop by a signal; a database that goes away is waited for."""
    bind(app.app_context)
    asyncio.run(_until_told(app, concurrency))


def lacks(app: Flask) -> list[str]:
    """What this version needs of the schema and the database does not have yet, by title."""
    with app.app_context(), db.engine.connect() as connection:
        return fitness.lacks(connection)


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
        _work(app)
        if not _something_is_due(app):
            return


async def _until_told(app: Flask, concurrency: int) -> None:
    told = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    tries = 0
    while not told.is_set():
        began = asyncio.get_running_loop().time()
        await _one_stretch(app, concurrency, told)
        if told.is_set():
            return
        if asyncio.get_running_loop().time() - began > WAITS[-1]:
            tries = 0
        seconds = WAITS[min(tries, len(WAITS) - 1)]
        tries += 1
        log.warning("The database went away. Beginning again in %s seconds.", seconds)
        with suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), seconds)


async def _one_stretch(app: Flask, concurrency: int, told: asyncio.Event) -> None:
    """Work until told to stop, or until the queue's connections break."""
    with queue.replace_connector(_connector(app)) as working:
        working.periodic_defaults = {}
        work = asyncio.create_task(_work_on(app, working, concurrency))
        stop = asyncio.create_task(told.wait())
        await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
        stop.cancel()
        work.cancel()  # lets jobs run on for STOP_SECONDS, then asks them to pause
        try:
            await work
        except asyncio.CancelledError:
            return
        except (ConnectorException, psycopg.Error) as error:
            log.warning("The queue could not be asked: %s", error)
    # What the jobs held open to the old server is of no use with the new one.
    with app.app_context():
        db.engine.dispose()


async def _work_on(app: Flask, working: procrastinate.App, concurrency: int) -> None:
    async with working.open_async():
        beating = asyncio.create_task(_beat(app))
        try:
            await working.run_worker_async(
                concurrency=concurrency,
                install_signal_handlers=False,
                shutdown_graceful_timeout=STOP_SECONDS,
            )
        finally:
            beating.cancel()


async def _beat(app: Flask) -> None:
    """Say again and again that a worker lives, also while its jobs take long."""

    def once() -> None:
        with app.app_context(), suppress(SQLAlchemyError):  # the queue's own connection says it
            pulse.is_well(pulse.WORKER)
            db.session.commit()

    while True:
        await asyncio.to_thread(once)
        await asyncio.sleep(pulse.EVERY.total_seconds())


def _work(app: Flask) -> None:
    bind(app.app_context)
    with queue.replace_connector(_connector(app)) as working:
        # A run until the queue is empty must not start what is due by the clock.
        working.periodic_defaults = {"max_delay": 0}
        working.run_worker(
            wait=False,
            concurrency=1,
            listen_notify=False,
            install_signal_handlers=False,
            shutdown_graceful_timeout=STOP_SECONDS,
        )


def _connector(app: Flask) -> procrastinate.PsycopgConnector:
    # min_size: a waiting worker listens on one connection and asks on another.
    return procrastinate.PsycopgConnector(conninfo=_address(app), min_size=1, max_size=4)


def _something_is_due(app: Flask) -> bool:
    with psycopg.connect(_address(app)) as connection:
        row = connection.execute(
            "SELECT EXISTS (SELECT FROM jobs.procrastinate_jobs WHERE status = 'todo' "
            "AND coalesce(scheduled_at, now()) <= now())"
        ).fetchone()
        return bool(row and row[0])


def _address(app: Flask) -> str:
    url: str = app.config[worker_setting(app.config)]
    # The queue's own connections say their version too: a worker that waits for work has no
    # other, and a contract step must not take away what an older one still needs.
    return make_conninfo(
        without_driver(url),
        application_name=f"nxloy/{VERSION}/worker",
    )
