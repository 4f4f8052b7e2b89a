"""Databases at any point of the history, on each PostgreSQL that is here.

A database is cloned from one that stands at the revision already; those are made once a server.
"""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from psycopg import sql

from nxloy_web.db import embedded, roles
from tests.schema.walking import Walk

OLDEST = Path(f"/usr/lib/postgresql/{embedded.OLDEST}/bin")
At = Callable[[str], Walk]


@pytest.fixture(scope="session")
def oldest_server(server: embedded.EmbeddedServer) -> Iterator[embedded.EmbeddedServer]:
    """The oldest PostgreSQL that is supported, where it is installed."""
    if server.binaries.major == embedded.OLDEST:
        pytest.skip("all tests run on the oldest PostgreSQL here")
    if not (OLDEST / "postgres").exists():
        pytest.skip(f"PostgreSQL {embedded.OLDEST} is not installed")
    folder = Path(tempfile.mkdtemp(prefix="nxloy-tests-", dir="/tmp"))
    folder.chmod(0o755)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NX_PG_BIN", str(OLDEST))
        running = embedded.start(folder, durable=False)
    yield running
    running.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def migrating_app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """One application for all databases that migrate: it only has to know where they are."""
    from nxloy_web import create_app

    folder = str(tmp_path_factory.mktemp("migrating"))
    return create_app({"TESTING": True, "SECRET_KEY": "only-for-tests", "INSTANCE": folder})


@dataclass
class Stock:
    """The databases of one server that others are cloned from, by their revision."""

    app: Flask
    server: embedded.EmbeddedServer
    standing: dict[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def at(self, revision: str) -> Walk:
        """A new database at this revision, or at the "head"; "base" is one with roles and nothing
        in it."""
        if revision == "head":
            revision = Walk(self.app, self.server, "").revisions[-1].id
        return self._clone(self._standing_at(revision))

    def drop(self, walk: Walk) -> None:
        walk.close()
        self._as_admin("DROP DATABASE {} WITH (FORCE)", walk.name)

    def _standing_at(self, revision: str) -> str:
        if revision not in self.standing:
            if revision == "base":
                made = Walk(self.app, self.server, "walk_base")
                _with_roles(self.server, made)
            else:
                made = self._clone(self._nearest(revision))
                made.up(revision)
                made.close()
            self.standing[revision] = made.name
        return self.standing[revision]

    def _nearest(self, revision: str) -> str:
        self._standing_at("base")
        known = ["base", *(r.id for r in Walk(self.app, self.server, "").revisions)]
        earlier = known[: known.index(revision)]
        return next(self.standing[at] for at in reversed(earlier) if at in self.standing)

    def _clone(self, original: str) -> Walk:
        made = Walk(self.app, self.server, f"walk_{next(self.numbers)}")
        self._as_admin("CREATE DATABASE {} TEMPLATE {}", made.name, original)
        return made

    def _as_admin(self, statement: str, *names: str) -> None:
        url = urlunsplit(urlsplit(self.server.admin_url)._replace(path="/postgres"))
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL(statement).format(*map(sql.Identifier, names))  # type: ignore[arg-type]
            )


def _with_roles(server: embedded.EmbeddedServer, walk: Walk) -> None:
    urls = {"migrator": server.migrator_url, "app": server.app_url, "worker": server.worker_url}
    passwords = {who: urlsplit(url).password or "" for who, url in urls.items()}
    roles.create_roles(walk.url("admin"), passwords=passwords)


@pytest.fixture(scope="session")
def newest_stock(migrating_app: Flask, server: embedded.EmbeddedServer) -> Stock:
    return Stock(migrating_app, server)


@pytest.fixture(scope="session")
def oldest_stock(migrating_app: Flask, oldest_server: embedded.EmbeddedServer) -> Stock:
    return Stock(migrating_app, oldest_server)


@pytest.fixture
def at(newest_stock: Stock) -> Iterator[At]:
    """`at("add_customers")` is a database of one's own at that revision."""
    yield from _lending(newest_stock)


both = pytest.mark.both  # so that a run on the oldest alone can leave them to the run on both


@pytest.fixture(params=[pytest.param(which, marks=both) for which in ("newest", "oldest")])
def on_both(request: pytest.FixtureRequest) -> Iterator[At]:
    """The same, on the newest and on the oldest PostgreSQL."""
    yield from _lending(request.getfixturevalue(f"{request.param}_stock"))


def _lending(stock: Stock) -> Iterator[At]:
    lent: list[Walk] = []

    def lend(revision: str) -> Walk:
        lent.append(stock.at(revision))
        return lent[-1]

    yield lend
    for walk in lent:
        stock.drop(walk)


@pytest.fixture
def versions(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the history that may be written to."""
    original = Path(app.extensions["migrate"].directory)
    copy = tmp_path / "migrations"
    shutil.copytree(original, copy, ignore=shutil.ignore_patterns("__pycache__"))
    known = app.extensions["migrate"]
    monkeypatch.setattr(known, "directory", str(copy))
    monkeypatch.setattr(known.migrate, "directory", str(copy))
    return copy / "versions"


@pytest.fixture
def written_at(app: Flask, versions: Path, newest_stock: Stock) -> Iterator[At]:
    """Databases whose migrations are those of the copy; cloned from what stands already."""
    newest_stock._standing_at(head := newest_stock.at("head").revisions[-1].id)
    standing = {head: newest_stock.standing[head]}
    yield from _lending(replace(newest_stock, app=app, standing=standing))
