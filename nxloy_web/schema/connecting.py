"""The migrator's connection, for the commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click
from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from nxloy_web import host
from nxloy_web.config import NotAnAddress, with_driver
from nxloy_web.db.reachable import unreachable
from nxloy_web.version import VERSION


@contextmanager
def migrator(what_for: str = "schema") -> Iterator[Connection]:
    """A connection as the migrator; one sentence when there is none to be had.

    `what_for` is how others see it in `application_name`.
    """
    try:
        engine = create_engine(
            with_driver(migrator_url()),
            poolclass=pool.NullPool,
            connect_args={"application_name": f"nxloy/{VERSION}/{what_for}"},
        )
        connection = engine.connect()
    except (DBAPIError, NotAnAddress) as error:
        raise click.ClickException(unreachable("MIGRATIONS_DATABASE_URL", error)) from None
    with connection:
        yield connection


def refuse_without(connection: Connection, table: str) -> None:
    """For a command that asks a table which the database may not have yet."""
    if connection.scalar(text("SELECT to_regclass(:table)"), {"table": table}) is None:
        raise click.ClickException(
            f"The database has no {table} yet: `flask schema plan` says what is pending."
        )


def driver(connection: Connection) -> Any:
    """The psycopg connection underneath."""
    return connection.connection.driver_connection


def migrator_url() -> str:
    """Where the migrator signs in, as it was given."""
    url = host.setting("MIGRATIONS_DATABASE_URL")
    if not url:
        raise click.ClickException(
            "MIGRATIONS_DATABASE_URL is not set. It is the second line `flask db-roles` prints."
        )
    return str(url)
