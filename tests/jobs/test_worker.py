"""`flask worker` as a process: it stops when told, and only then."""

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from nxloy_web import jobs, pulse, worker
from nxloy_web.db import db
from nxloy_web.schema import history
from nxloy_web.version import VERSION
from tests.factories import inside, make_shop

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
WORKERS = "SELECT application_name FROM pg_stat_activity WHERE usename = 'nx_worker'"


@jobs.task("tests.known_only_here", retry=0)
def known_only_here() -> None:
    """The worker of these tests does not know it, and says so: that it was there."""


@pytest.fixture
def environment(app: Flask, tmp_path: Path) -> dict[str, str]:
    names = ("DATABASE_URL", "WORKER_DATABASE_URL", "SECRET_KEY")
    return {name: str(app.config[name]) for name in names} | {
        "INSTANCE": str(tmp_path),
        "PYTHONPATH": str(ROOT),
        "PROCESS_KIND": "worker",
    }


@contextmanager
def working(environment: dict[str, str]) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        COMMAND, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until_said(process: "subprocess.Popen[str]", words: str) -> None:
    said = []
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if words in line:
            return
    raise AssertionError("".join(said))


def queue_something(app: Flask) -> None:
    with inside(app, make_shop(app)):
        jobs.enqueue(known_only_here)
        db.session.commit()


def test_it_takes_up_jobs_and_stops_when_told(
    app: Flask, as_admin: Any, environment: dict[str, str]
) -> None:
    queue_something(app)
    with working(environment) as process:
        until_said(process, "Task was not found")
        connected = {name for (name,) in as_admin.execute(WORKERS)}
        assert connected == {f"nxloy/{VERSION}/worker"}, "a contract step asks for the version"
        process.terminate()
        assert process.wait(60) == 0


@pytest.mark.usefixtures("nothing_seen")
def test_it_says_that_it_lives(app: Flask, environment: dict[str, str]) -> None:
    """X5: nothing told whether a worker was there."""
    with working(environment) as process:
        until_said(process, "Starting worker")
        until = time.monotonic() + 20
        while not (seen := _signs(app)).worker_lives:
            assert time.monotonic() < until
            time.sleep(0.1)
        process.terminate()
        assert process.wait(60) == 0
    assert _signs(app).worker_seen_at == seen.worker_seen_at


def _signs(app: Flask) -> pulse.Signs:
    with app.app_context():
        signs = pulse.look()
        db.session.remove()
        return signs


@contextmanager
def away(database: Any) -> Iterator[None]:
    """The database ends every connection and takes no new one, as while a server restarts."""
    elsewhere = urlunsplit(urlsplit(database.admin_url)._replace(path="/postgres"))
    lets_in = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    name = sql.Identifier(database.name)
    with psycopg.connect(elsewhere, autocommit=True) as admin:
        admin.execute(lets_in.format(name, sql.SQL("false")))
        try:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [database.name],
            )
            yield
        finally:
            admin.execute(lets_in.format(name, sql.SQL("true")))


def test_it_comes_back_when_the_database_does(
    app: Flask, database: Any, environment: dict[str, str]
) -> None:
    """X4: a restart of the database ended the worker for good, with exit status 0."""
    with working(environment) as process:
        until_said(process, "Starting worker")
        with away(database):
            until_said(process, "Beginning again")
            time.sleep(1.5)  # one try at least finds it still away
            assert process.poll() is None
        with app.app_context():
            db.engine.dispose()
        queue_something(app)
        until_said(process, "Task was not found")
        process.terminate()
        assert process.wait(60) == 0


@pytest.fixture
def older(clone: Callable[[str], Any], app: Flask, environment: dict[str, str]) -> dict[str, str]:
    """The environment of a worker whose database has the first revision alone."""
    made = clone("an_older_schema")
    with app.app_context():
        first = history.revisions()[0].id
    with psycopg.connect(made.admin_url) as admin:
        admin.execute("UPDATE nx.alembic_version SET version_num = %s", [first])
    return environment | {
        "DATABASE_URL": made.app_url,
        "WORKER_DATABASE_URL": made.worker_url,
    }


def test_on_an_older_schema_it_says_so_and_does_not_begin(older: dict[str, str]) -> None:
    """X4: it took up job after job, and failed each."""
    done = subprocess.run(
        COMMAND, cwd=ROOT, env=older, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert re.search(
        r"Error: The database is older than this version \(.+ and \d+ more\)", done.stderr
    )
    assert "flask schema expand" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_database_that_is_ahead_lacks_nothing(app: Flask, as_admin: Any) -> None:
    """An older worker goes on while the new version's steps run."""
    assert worker.lacks(app) == []
    (here,) = as_admin.execute("SELECT version_num FROM alembic_version").fetchone()
    as_admin.execute("UPDATE alembic_version SET version_num = 'of_a_later_version'")
    try:
        assert worker.lacks(app) == []
    finally:
        as_admin.execute("UPDATE alembic_version SET version_num = %s", [here])
