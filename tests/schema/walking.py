"""One database on its way through the history, with rows in it."""

import importlib.util
import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import flask_migrate
import psycopg
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from flask import Flask
from psycopg import sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from sqlalchemy import create_engine, pool
from sqlalchemy.engine import Connection as SqlConnection

from nxloy_web.config import with_driver
from nxloy_web.db import embedded
from nxloy_web.ledger import check
from nxloy_web.schema import history
from nxloy_web.schema.data_commands import _begin_again
from nxloy_web.schema.locking import PATIENCE
from nxloy_web.schema.runner import address, run
from tests.schema.shape import Shape, shape

Connection = psycopg.Connection[tuple[Any, ...]]
Row = dict[str, Any]
VERSIONS = Path(__file__).parents[2] / "migrations" / "versions"

HASTY = replace(
    PATIENCE.get(),
    lock_ms=15,
    quiet_lock_ms=30,
    attempts=2,
    quiet_attempts=2,
    pause_s=0.01,
)


@cache
def _history(app: Flask) -> tuple[Config, ScriptDirectory, list[str]]:
    """The revisions, read once; their ids from "base" on."""
    with app.app_context():
        config: Config = app.extensions["migrate"].migrate.get_config()
        return (
            config,
            ScriptDirectory.from_config(config),
            ["base", *(revision.id for revision in history.revisions())],
        )


def revision_module(file: str) -> Any:
    """A revision, by what comes after the number in the name of its file."""
    (path,) = VERSIONS.glob(f"*_{file}.py")
    spec = importlib.util.spec_from_file_location(file, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Walk:
    """A database that goes up and down; the same application looks after all of them."""

    app: Flask
    server: embedded.EmbeddedServer
    name: str

    def url(self, role: str) -> str:
        urls = {
            "admin": self.server.admin_url,
            "migrator": self.server.migrator_url,
            "app": self.server.app_url,
        }
        return urlunsplit(urlsplit(urls[role])._replace(path=f"/{self.name}"))

    # --- along the history ----------------------------------------------------------------------

    def up(self, to: str = "head") -> None:
        """As `flask db upgrade` does it; a refusal is raised, not printed."""
        with self._here():
            flask_migrate.upgrade.__wrapped__(revision=to)

    def down(self, to: str, *, lossy: bool = False) -> None:
        with self._here():
            arguments = ["lossy=yes"] if lossy else None
            flask_migrate.downgrade.__wrapped__(revision=to, x_arg=arguments)

    def again(self, name: str) -> None:
        """As `flask schema data retry` does it."""
        with self._here():
            migration = history.data_migration(name)
            assert migration
            _begin_again(self.migrator, name)
            run(address(self.url("migrator")), migration)

    def command(self, *arguments: str, fails: bool = False) -> str:
        """As a person types it after `flask`; what it said. It has to fail, or must not."""
        said = io.StringIO()
        handler = logging.StreamHandler(said)  # Flask-Migrate says its errors by the log
        logging.getLogger("flask_migrate").addHandler(handler)
        try:
            with self._here():
                result = self.app.test_cli_runner().invoke(args=list(arguments))
        finally:
            logging.getLogger("flask_migrate").removeHandler(handler)
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert (result.exit_code != 0) is fails, result.output + said.getvalue()
        return result.output + said.getvalue()

    def quickly(self, to: str) -> None:
        """The same revisions on one connection, without gates and the lock of a deployment."""
        with self._here():
            config, scripts, known = _history(self.app)

            def steps(here: Any, context: Any) -> Any:
                if here and known.index(to) < known.index(here[0]):
                    return scripts._downgrade_revs(to, here)
                return scripts._upgrade_revs(to, here)

            with EnvironmentContext(config, scripts, fn=steps) as environment:
                environment.configure(connection=self.migrator, transaction_per_migration=True)
                try:
                    with environment.begin_transaction():
                        environment.run_migrations()
                finally:
                    self.migrator.rollback()

    def stamp(self, revision: str) -> None:
        """As if the last step had been cut short just before its end was noted."""
        self.run("UPDATE alembic_version SET version_num = %s", revision)

    @cached_property
    def revisions(self) -> list[history.Revision]:
        with self.app.app_context():
            return history.revisions()

    def before(self, revision: str) -> str:
        known = _history(self.app)[2]
        return known[known.index(revision) - 1]

    @cached_property
    def migrator(self) -> SqlConnection:
        """Kept open, for what is done often."""
        engine = create_engine(with_driver(self.url("migrator")), poolclass=pool.NullPool)
        return engine.connect()

    @cached_property
    def admin(self) -> Connection:
        """Past all policies. Kept open too."""
        connection = psycopg.connect(self.url("admin"), autocommit=True)
        connection.execute("SET search_path = nx, jobs")
        return connection

    def close(self) -> None:
        for name in ("migrator", "admin"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    @contextmanager
    def _here(self) -> Iterator[None]:
        self.app.config["MIGRATIONS_DATABASE_URL"] = self.url("migrator")
        with self.app.app_context():
            yield

    # --- rows -----------------------------------------------------------------------------------

    @contextmanager
    def inside(self, business_id: str) -> Iterator[Connection]:
        """The application's role in a business, as code of any age works; committed at the end."""
        with psycopg.connect(self.url("app")) as connection:
            enter = sql.SQL("SET LOCAL app.business_id TO {}").format(sql.Literal(business_id))
            connection.execute(enter)
            yield connection

    def run(self, statement: str, *values: Any) -> None:
        self.admin.execute(statement, values or None)  # type: ignore[arg-type]

    def insert(self, table: str, **values: Any) -> None:
        """A row, past the policies: it was there before."""
        self.admin.execute(
            sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(
                sql.Identifier(table),
                sql.SQL(", ").join(map(sql.Identifier, values)),
                sql.SQL(", ").join(sql.Placeholder() * len(values)),
            ),
            [Jsonb(v) if isinstance(v, dict) else v for v in values.values()],
        )

    def business(self, id_: str, **values: Any) -> str:
        row = {"name": id_, "slug": id_, "timezone": "UTC", "currency": "EUR"} | values
        self.insert("businesses", id=id_, **row)
        return id_

    def rows(self, question: str, *values: Any) -> list[Row]:
        cursor = self.admin.cursor(row_factory=dict_row)
        return cursor.execute(question, values or None).fetchall()  # type: ignore[arg-type]

    def table(self, name: str, *columns: str, key: str = "id") -> dict[str, Any]:
        """The rows of a table by their key; of one column its values, of more a tuple of them."""
        wanted = ", ".join(columns)
        found = self.rows(f"SELECT {key} AS key, {wanted} FROM {name} ORDER BY 1")
        rows = {row.pop("key"): tuple(row.values()) for row in found}
        return {k: v[0] for k, v in rows.items()} if len(columns) == 1 else rows

    def reports(self, migration: str) -> dict[str, tuple[str, str]]:
        """(outcome, reason) by the id of the row."""
        found = self.rows(
            "SELECT row_key->>'id' AS id, outcome, reason FROM data_migration_reports"
            " WHERE migration = %s ORDER BY id",
            migration,
        )
        return {row["id"]: (row["outcome"], row["reason"]) for row in found}

    def shape(self) -> Shape:
        return shape(self.admin)

    def problems(self, business_id: str) -> list[str]:
        """What the books of a business say against themselves."""
        with create_engine(with_driver(self.url("app"))).connect() as connection:
            enter = sql.SQL("SET LOCAL app.business_id TO {}").format(sql.Literal(business_id))
            connection.exec_driver_sql(enter.as_string(None))
            found = [f"{p.kind} {p.subject_id} {p.sentence}" for p in check.answers(connection)]
        connection.engine.dispose()
        return found
