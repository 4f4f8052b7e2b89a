"""A real PostgreSQL for every test: one server per process, one cloned database per file.

Nothing is truncated between tests: each makes businesses of its own, as customers would.
"""

import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect
from psycopg import sql
from werkzeug.serving import WSGIRequestHandler, make_server

from nxloy_web.db import embedded

# What a page must show comes when it comes: a busy machine is no reason to fail.
expect.set_options(timeout=30_000)

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@dataclass(frozen=True)
class Database:
    """One database, seen as each of the roles."""

    name: str
    admin_url: str
    migrator_url: str
    app_url: str
    worker_url: str

    def config(self, folder: Path) -> dict[str, Any]:
        """What `create_app` needs to work on it."""
        return {
            "TESTING": True,
            "SECRET_KEY": "only-for-tests",
            "DATABASE_URL": self.app_url,
            "MIGRATIONS_DATABASE_URL": self.migrator_url,
            "WORKER_DATABASE_URL": self.worker_url,
            "INSTANCE": str(folder),
            "GALLERY": True,
            # The browser's forms carry tokens; `live_server` switches the check on again.
            "WTF_CSRF_ENABLED": False,
            "RATELIMIT_ENABLED": False,
        }


# No test depends on how quick the machine is.
settings.register_profile("anywhere", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("anywhere")

LONGEST = (
    "tests/screens/test_every_page.py",
    "tests/imports/test_cdnow.py",
    "tests/schema/test_chain.py",
    "tests/schema/test_killed.py",
    "tests/run/test_release.py",
    "tests/run/test_deploy.py",
    "tests/run/test_run.py",
    "tests/fuzz/test_fuzz.py",
    "tests/schema/test_one_change.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A file is one worker's. The longest come first, so that none is left to one at the end."""
    places = {name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.fixture(scope="session")
def server() -> Iterator[embedded.EmbeddedServer]:
    # Not pytest's tmp_path: started by root, the server's own account must be able to enter.
    folder = Path(tempfile.mkdtemp(prefix="nxloy-tests-", dir="/tmp"))
    folder.chmod(0o755)
    running = embedded.start(folder, durable=False)
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template_db(server: embedded.EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The server's own database, at the newest revision; only ever cloned."""
    from flask_migrate import upgrade

    from nxloy_web import create_app
    from nxloy_web.db import db

    original = _database(server, embedded.DATABASE)
    app = create_app(original.config(tmp_path_factory.mktemp("template")))
    with app.app_context():
        upgrade()
        for engine in db.engines.values():
            engine.dispose()
    return embedded.DATABASE


@pytest.fixture(scope="session")
def clone(server: embedded.EmbeddedServer, template_db: str) -> Callable[[str], Database]:
    """Make one more database with the schema in it; about 50 ms."""

    def make(name: str) -> Database:
        _run_as_admin(server, "CREATE DATABASE {} TEMPLATE {}", name, template_db)
        return _database(server, name)

    return make


@pytest.fixture(scope="session")
def demo_db(
    server: embedded.EmbeddedServer,
    clone: Callable[[str], Database],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """A database with the demo business in it, as `flask demo` loads it; only ever cloned."""
    from nxloy_web import create_app
    from nxloy_web.db import db

    made = clone("demo")
    app = create_app(made.config(tmp_path_factory.mktemp("demo")))
    result = app.test_cli_runner().invoke(args=["demo"])
    assert result.exit_code == 0, result.output
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    return made.name


@pytest.fixture(scope="module")
def database(
    request: pytest.FixtureRequest,
    server: embedded.EmbeddedServer,
    clone: Callable[[str], Database],
) -> Iterator[Database]:
    """Empty but for the schema; a module with `WITH_DEMO = True` gets the demo business too."""
    name = request.module.__name__.replace(".", "_")[-60:]
    if getattr(request.module, "WITH_DEMO", False):
        _run_as_admin(
            server, "CREATE DATABASE {} TEMPLATE {}", name, request.getfixturevalue("demo_db")
        )
        made = _database(server, name)
    else:
        made = clone(name)
    yield made
    _run_as_admin(server, "DROP DATABASE {} WITH (FORCE)", made.name)


@pytest.fixture(scope="module")
def app(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    from nxloy_web import create_app
    from nxloy_web.db import db

    made = create_app(database.config(tmp_path_factory.mktemp("instance")))
    yield made
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def as_admin(database: Database) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """Past every policy: to look at what was really saved."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("SET search_path = nx, jobs")
        yield connection


@pytest.fixture
def nothing_seen(as_admin: Any) -> None:
    """As if no worker had ever run and no mail had ever been tried."""
    as_admin.execute("DELETE FROM pulses")


@pytest.fixture
def statements(app: Flask) -> Callable[[], AbstractContextManager[list[str]]]:
    """What a block asks the database, statement by statement: `with statements() as seen`."""
    from sqlalchemy import event

    from nxloy_web.db import db

    @contextmanager
    def watching() -> Iterator[list[str]]:
        seen: list[str] = []

        def remember(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
            seen.append(statement)

        with app.app_context():
            engine = db.engine
        event.listen(engine, "before_cursor_execute", remember)
        yield seen
        event.remove(engine, "before_cursor_execute", remember)

    return watching


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: Any) -> None:
        """A test's output is its failures, not every request."""


@pytest.fixture(scope="module")
def live_server(app: Flask) -> Iterator[str]:
    """The module's application, served on a free port of this machine; the address."""
    serving = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    serving.daemon_threads = True  # type: ignore[attr-defined]
    address = f"http://127.0.0.1:{serving.server_port}"
    before = app.config.get("BASE_URL")
    app.config["BASE_URL"] = address
    app.config["WTF_CSRF_ENABLED"] = True
    thread = threading.Thread(target=serving.serve_forever, daemon=True)
    thread.start()
    yield address
    serving.shutdown()
    serving.server_close()
    thread.join(5)
    app.config["BASE_URL"] = before
    app.config["WTF_CSRF_ENABLED"] = False


@pytest.fixture(scope="session")
def chromium_path() -> str:
    for name in (os.environ.get("CHROMIUM"), *CHROMIUM_NAMES):
        path = shutil.which(name) if name else None
        if path:
            return path
    pytest.skip("No Chromium: set CHROMIUM to one. `make test` fails because of this.")


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any], chromium_path: str
) -> dict[str, Any]:
    """For pytest-playwright's `browser`, `context` and `page`: our Chromium, shut off from all
    but this machine."""
    arguments = [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-dev-shm-usage",
        "--disable-gpu",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
        "--no-first-run",
        "--no-proxy-server",
    ]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # Chromium's sandbox refuses root
    return browser_type_launch_args | {"executable_path": chromium_path, "args": arguments}


def _database(server: embedded.EmbeddedServer, name: str) -> Database:
    def named(url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

    return Database(
        name,
        named(server.admin_url),
        named(server.migrator_url),
        named(server.app_url),
        named(server.worker_url),
    )


def _run_as_admin(server: embedded.EmbeddedServer, statement: Any, *names: str) -> None:
    url = urlunsplit(urlsplit(server.admin_url)._replace(path="/postgres"))
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
