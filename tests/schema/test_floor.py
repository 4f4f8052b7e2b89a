"""S2: the database keeps the oldest version of the application that may use it, and a process is
ready when the database has what its code needs and bears its version."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import Result
from flask import Flask

from nxloy_web import create_app
from nxloy_web.db import db
from nxloy_web.version import VERSION, version_numbers
from tests.releases.trees import NEXT_VERSION, add_next_group, copy_migrations

ROOT = Path(__file__).parents[2]


@dataclass
class Release:
    """This version on a database of its own, and one that has three revisions more."""

    database: Any
    this: Flask
    next: Flask
    caplog: pytest.LogCaptureFixture

    def said(self, command: str, *, fails: bool = False) -> str:
        """A command of the next release."""
        self.caplog.clear()
        known = self.next.extensions["migrate"]
        # Flask-Migrate's commands ask the extension, which all applications share.
        with self.next.app_context(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(known.migrate, "directory", known.directory)
            result: Result = self.next.test_cli_runner().invoke(args=command.split())
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert (result.exit_code != 0) is fails, result.output
        return result.output + self.caplog.text

    def floor(self) -> str | None:
        with psycopg.connect(self.database.app_url) as connection:
            (found,) = connection.execute(
                "SELECT max(version) FROM application_floors"
            ).fetchone() or (None,)
            return None if found is None else str(found)


@pytest.fixture
def released(
    clone: Callable[[str], Any],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
) -> Iterator[Callable[[str], Release]]:
    made: list[Flask] = []

    def release(needed: str) -> Release:
        database = clone(request.node.name[-50:])
        made.extend(create_app(database.config(tmp_path)) for _ in range(2))
        migrations = copy_migrations(tmp_path)
        add_next_group(migrations, version=needed)
        made[1].extensions["migrate"].directory = str(migrations)
        return Release(database, made[0], made[1], caplog)

    yield release
    for app in made:
        with app.app_context():
            db.engine.dispose()


def readiness(app: Flask) -> tuple[int, list[str]]:
    answer = app.test_client().get("/readyz")
    return answer.status_code, answer.json.get("problems", [])


def test_old_and_new_are_ready_from_the_expand_on(released: Callable[[str], Release]) -> None:
    """After `expand` neither was ready, until the contract."""
    release = released(VERSION)
    assert readiness(release.this) == (200, [])
    status, (problem,) = readiness(release.next)
    assert status == 503
    assert "does not have what this version needs: How a customer is called, expand" in problem
    for command in ("schema expand", "schema data run", "schema contract"):
        release.said(command)
        assert readiness(release.next) == (200, [])
        assert readiness(release.this) == (200, [])


def test_a_contract_is_run_by_a_version_that_may_stay(released: Callable[[str], Release]) -> None:
    """S3: it counted its own connection."""
    assert version_numbers(VERSION) < version_numbers(NEXT_VERSION)
    release = released(NEXT_VERSION)
    release.said("schema expand")
    release.said("schema data run")
    refused = release.said("schema contract", fails=True)
    assert f"is run by version {NEXT_VERSION} or later; this is {VERSION}." in refused
    assert release.floor() is None


def test_the_floor_rises_with_the_contract_and_falls_with_its_way_back(
    released: Callable[[str], Release],
) -> None:
    release = released(VERSION)
    release.said("schema expand")
    release.said("schema data run")
    with psycopg.connect(release.database.app_url, application_name="nxloy/0.0.9/web"):
        assert "nxloy/0.0.9/web" in release.said("schema contract", fails=True)
    assert release.floor() is None
    release.said("schema contract")
    assert release.floor() == VERSION
    release.said("db downgrade fill_call_name")
    assert release.floor() is None


def test_a_version_that_is_too_old_is_kept_out(released: Callable[[str], Release]) -> None:
    """Also one that connects only after the contract has looked who is there."""
    release = released(VERSION)
    with psycopg.connect(release.database.admin_url) as admin:
        admin.execute("INSERT INTO nx.application_floors VALUES ('of_a_later_one', '10.0')")
    sentence = f"This is version {VERSION}; the database is for 10.0 or later by now."
    assert readiness(release.this) == (503, [sentence])
    page = release.this.test_client().get("/p/any-shop/")
    assert page.status_code == 503
    environment = {
        "SECRET_KEY": "only-for-tests",
        "PROCESS_KIND": "worker",
        "DATABASE_URL": release.database.app_url,
        "WORKER_DATABASE_URL": release.database.worker_url,
    }
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"Error: {sentence}")


def test_a_process_that_was_connected_is_told_too(released: Callable[[str], Release]) -> None:
    release = released(VERSION)
    assert readiness(release.this) == (200, [])
    with psycopg.connect(release.database.admin_url) as admin:
        admin.execute("INSERT INTO nx.application_floors VALUES ('of_a_later_one', '10.0')")
    status, problems = readiness(release.this)
    assert (status, len(problems)) == (503, 1)
    assert "10.0 or later" in problems[0]


def test_versions_have_an_order() -> None:
    assert version_numbers("0.9.3") < version_numbers("0.10.1")
