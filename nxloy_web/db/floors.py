"""The oldest version of the application that may use this database.

A contract step takes away what older code needs. It says so in `application_floors` before it looks
for old processes: one that starts or connects behind its back then meets the floor.
"""

from typing import Any

import psycopg
from psycopg import errors
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import Connection

from nxloy_web.version import VERSION, version_numbers

_VERSIONS = "SELECT version FROM application_floors"


class TooOld(psycopg.OperationalError):
    """To whoever asks, the database is away: it is, for this process."""


def oldest_allowed(connection: Connection) -> str | None:
    """The highest floor; None when every version may use the database."""
    if connection.scalar(text("SELECT to_regclass('application_floors')")) is None:
        return None
    return max(connection.scalars(text(_VERSIONS)), key=version_numbers, default=None)


def is_too_old(floor: str | None, version: str = VERSION) -> bool:
    return floor is not None and version_numbers(version) < version_numbers(floor)


def raise_floor(connection: Connection, revision: str, version: str) -> None:
    """Note what a contract step needs. Does nothing before there is such a table."""
    if connection.scalar(text("SELECT to_regclass('application_floors')")) is not None:
        connection.execute(
            text(
                "INSERT INTO application_floors (revision, version) VALUES (:revision, :version)"
                " ON CONFLICT (revision) DO UPDATE SET version = excluded.version"
            ),
            {"revision": revision, "version": version},
        )


def lower_floor(connection: Connection, *revisions: str) -> None:
    """Forget it: the step was refused, or its way back is done."""
    if connection.scalar(text("SELECT to_regclass('application_floors')")) is not None:
        connection.execute(
            text("DELETE FROM application_floors WHERE revision = ANY(:revisions)"),
            {"revisions": list(revisions)},
        )


def keep_old_versions_out(engine: Engine) -> None:
    """From here on, each new connection of this engine asks whether the version may use it."""
    event.listen(engine, "connect", _ask)


def _ask(connection: Any, _record: Any) -> None:
    try:
        found = [row[0] for row in connection.execute(_VERSIONS).fetchall()]
    except errors.UndefinedTable:  # an older schema; what is missing is asked elsewhere
        found = []
    finally:
        connection.rollback()
    floor = max(found, key=version_numbers, default=None)
    if is_too_old(floor):
        raise TooOld(too_old(floor))


def too_old(floor: str | None) -> str:
    return f"This is version {VERSION}; the database is for {floor} or later by now."
