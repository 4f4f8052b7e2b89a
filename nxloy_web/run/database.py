"""The database of a run: our own or a given one, brought up to date, with something to show."""

import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from nxloy_web.config import NotAnAddress, with_driver, without_driver
from nxloy_web.db import embedded, role_checks, roles
from nxloy_web.db.embedded import dies_with_parent
from nxloy_web.db.reachable import unreachable
from nxloy_web.run.children import ROOT, flask
from nxloy_web.run.settings import Settings, StartError


@dataclass(frozen=True)
class Database:
    """Three addresses, and the server behind them when it is ours to stop."""

    app_url: str
    migrations_url: str
    worker_url: str
    server: embedded.EmbeddedServer | None = None

    def died(self) -> bool:
        return self.server is not None and self.server.process.poll() is not None

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()


def open_database(settings: Settings) -> Database:
    if settings.database_url and settings.migrations_url:
        return _given(settings, settings.database_url, settings.migrations_url)
    try:
        server = embedded.start(settings.instance)
    except (embedded.EmbeddedError, roles.RolesError) as error:
        raise StartError(str(error)) from None
    return Database(server.app_url, server.migrator_url, server.worker_url, server)


def upgrade(environment: Mapping[str, str], instance: Path) -> None:
    """Bring the schema up to date; nothing to do takes about a second."""
    result = _run(flask("db", "upgrade"), environment)
    log = instance / "upgrade.log"
    log.write_text(result.stdout + result.stderr)
    if result.returncode != 0:
        raise StartError(
            f"The database could not be brought up to date: {_reason(result)} (see {log})."
        )


def load_demo(database: Database, environment: Mapping[str, str], instance: Path) -> None:
    """Load the demo business into an empty database, and keep what it says about signing in."""
    loading = instance / "demo.loading"  # still there after a kill: load it again
    if not loading.exists() and not _is_empty(database):
        return
    print("Loading the demo business (first time only) ...", flush=True)  # noqa: T201
    loading.touch()
    result = _run(flask("demo"), environment)
    if result.returncode != 0:
        log = instance / "demo.log"
        log.write_text(result.stdout + result.stderr)
        raise StartError(
            f"The demo business could not be loaded: {_reason(result)} (see {log}); "
            "`make run DEMO=no` starts without it."
        )
    (instance / "demo.txt").write_text(result.stdout)
    loading.unlink()


def _given(settings: Settings, app_url: str, migrations_url: str) -> Database:
    worker_url = settings.worker_url or app_url
    named = {
        "DATABASE_URL": app_url,
        "MIGRATIONS_DATABASE_URL": migrations_url,
        "WORKER_DATABASE_URL": worker_url,
    }
    for name, url in named.items():
        with _connect(name, url) as connection:
            if name != "MIGRATIONS_DATABASE_URL":
                problems = role_checks.check_rights(connection)
                if problems:
                    raise StartError(f"{name} must not be used as it is: {problems[0]}")
    return Database(app_url, migrations_url, worker_url)


def _connect(name: str, url: str) -> psycopg.Connection[tuple[object, ...]]:
    try:
        return psycopg.connect(without_driver(with_driver(url)), autocommit=True, connect_timeout=5)
    except (psycopg.Error, NotAnAddress) as error:
        raise StartError(unreachable(name, error)) from None


def _is_empty(database: Database) -> bool:
    with _connect("MIGRATIONS_DATABASE_URL", database.migrations_url) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM nx.businesses)").fetchone()
        return row is not None and not row[0]


def _run(command: list[str], environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    process = subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C is for us; we pass it on below
        preexec_fn=dies_with_parent(signal.SIGTERM),
    )
    try:
        said, complained = process.communicate()
    except BaseException:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(10)
        process.kill()
        raise
    return subprocess.CompletedProcess(command, process.returncode, said, complained)


def _reason(result: "subprocess.CompletedProcess[str]") -> str:
    lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
    return lines[-1].strip().rstrip(".") if lines else "no reason given"
