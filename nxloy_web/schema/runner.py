"""Runs a data migration: batches sized by time, the place kept in each batch's own transaction."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row
from sqlalchemy.engine import URL, make_url

from nxloy_web.config import VERSION
from nxloy_web.schema.data import Connection, DataMigration
from nxloy_web.schema.refusals import Refused

TARGET_MS = 50
"""What a batch should take: a writer that meets its rows waits for it to commit."""
FIRST_BATCH, SMALLEST, LARGEST = 500, 100, 20_000
REST = 0.1
"""The share of a batch's time that is left to others after it."""
TRIES = 8
"""How often a batch that met somebody's lock is tried again, each time half as large."""
LOCK_SPACE = 1_853_383_780  # "nxld": the advisory locks of data migrations


@dataclass(frozen=True)
class State:
    """How far a migration is; `rate` is rows a second of this run."""

    name: str
    status: str
    rows_done: int
    rows_total: int
    batches: int
    worst_ms: int
    reported: int
    rate: float


Watch = Callable[[State], None]


def address(url: URL | str) -> str:
    """A psycopg address of the same place."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def run(url: str, migration: DataMigration, *, watch: Watch = lambda state: None) -> State:
    """Run to the end, or until it fails; waits while it is paused.

    Raises Refused when another runner is at it or a batch cannot be done; what is done stays.
    """
    name = f"nxloy/{VERSION}/data"
    with psycopg.connect(url, autocommit=True, application_name=name) as connection:
        _be_the_only_one(connection, migration)
        _begin(connection, migration)
        started, done_before = time.monotonic(), _state(connection, migration.name, 0).rows_done
        tries = 0
        while True:
            try:
                more = _batch(connection, migration)
            except (errors.LockNotAvailable, errors.DeadlockDetected, errors.QueryCanceled) as busy:
                tries += 1
                if tries == TRIES:
                    raise _failed(connection, migration, f"its rows are held: {busy}") from None
                _shrink(connection, migration)
                time.sleep(0.05 * 2**tries)
                continue
            except psycopg.Error as error:
                raise _failed(connection, migration, str(error)) from error
            tries = 0
            elapsed = time.monotonic() - started
            state = _state(connection, migration.name, done_before, elapsed)
            watch(state)
            if more is None:
                return state
            time.sleep(more)


def forget(url: str, name: str) -> None:
    """Forget that a migration ran, so that it can run again from the beginning."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM data_migrations WHERE name = %s", [name])
        connection.execute("DELETE FROM data_migration_reports WHERE migration = %s", [name])


def states(connection: Connection) -> list[State]:
    """How far every data migration is that has ever begun."""
    names = connection.execute("SELECT name FROM data_migrations ORDER BY started_at, name")
    return [_state(connection, row[0], 0) for row in names.fetchall()]


def waiting(connection: Connection, migration: DataMigration) -> int:
    """How many rows still wait for somebody's decision."""
    if migration.undecided is None:
        return 0
    question = f"SELECT count(*) FROM ({migration.undecided}) AS undecided"
    row = connection.execute(question).fetchone()
    return int(row[0]) if row else 0


def _be_the_only_one(connection: Connection, migration: DataMigration) -> None:
    """Held by the session, so it ends with the runner, however that ends."""
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK_SPACE, migration.name]
    ).fetchone()
    if row and row[0]:
        return
    holder = connection.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted"
        " AND objid = (hashtext(%s)::bigint & 4294967295)::oid",
        [LOCK_SPACE, migration.name],
    ).fetchone()
    who = f"process {holder[0]} of the database" if holder else "somebody else"
    raise Refused(f"{migration.name} is being run by {who} already.")


def _begin(connection: Connection, migration: DataMigration) -> None:
    row = connection.execute(
        "SELECT row_security_active(%s::text::regclass)", [migration.table]
    ).fetchone()
    if row and row[0]:
        raise Refused(f"Policies hide rows of {migration.table} from this role: use the migrator.")
    connection.execute(
        sql.SQL(
            "INSERT INTO data_migrations (name, status, started_at, batch_size, rows_total)"
            " SELECT %s, 'RUNNING', now(), %s, count(*) FROM {}"
            " ON CONFLICT (name) DO UPDATE SET error = NULL, updated_at = now(), status = CASE"
            "  WHEN data_migrations.status IN ('DONE', 'PAUSED') THEN data_migrations.status"
            "  ELSE 'RUNNING' END"
        ).format(sql.Identifier(migration.table)),
        [migration.name, FIRST_BATCH],
    )


def _batch(connection: Connection, migration: DataMigration) -> float | None:
    """One batch in one transaction; how long to rest after it, None when there is nothing left."""
    started = time.monotonic()
    with connection.transaction():
        connection.execute("SET LOCAL lock_timeout = '1s'")
        # The place is lost together with the batch, so waiting for the disk gains nothing.
        connection.execute("SET LOCAL synchronous_commit = off")
        row = connection.execute(
            "SELECT status, cursor, batch_size FROM data_migrations WHERE name = %s FOR UPDATE",
            [migration.name],
        ).fetchone()
        if row is None:
            raise Refused(f"{migration.name} was undone while it ran.")
        status, after, size = row
        if status == "DONE":
            return None
        if status == "PAUSED":
            return 0.5
        upto = _end(connection, migration, after, size)
        span = migration.span(after, upto)
        if callable(migration.step):
            migration.step(connection, span)
        else:
            statement = migration.step.replace("{span}", span.where)
            connection.execute(statement, span.parameters)
        milliseconds = (time.monotonic() - started) * 1000
        if upto is None:
            _finish(connection, migration, milliseconds)
            return None
        _remember(connection, migration, upto, size, milliseconds)
    return REST * milliseconds / 1000


def _end(
    connection: Connection, migration: DataMigration, after: list[Any] | None, size: int
) -> list[Any] | None:
    """The key of the last row of the next batch; None when fewer rows than that are left."""
    span = migration.span(after, None)
    at = migration.alias or migration.table
    columns = ", ".join(f"{at}.{column}" for column in migration.key)
    question = (
        f"SELECT {columns} FROM {migration.table} {migration.alias} WHERE {span.where}"
        f" ORDER BY {columns} OFFSET %(skip)s LIMIT 1"
    )
    parameters = span.parameters | {"skip": size - 1}
    row = connection.execute(question, parameters).fetchone()
    return list(row) if row else None


def _remember(
    connection: Connection, migration: DataMigration, upto: list[Any], size: int, ms: float
) -> None:
    fitting = size * min(1.5, max(0.5, TARGET_MS / max(ms, 1)))
    connection.execute(
        "UPDATE data_migrations SET cursor = %s, rows_done = rows_done + %s, batches = batches + 1,"
        " worst_ms = greatest(worst_ms, %s), batch_size = %s, updated_at = now() WHERE name = %s",
        [json.dumps(upto), size, round(ms), _within(fitting), migration.name],
    )


def _finish(connection: Connection, migration: DataMigration, ms: float) -> None:
    """The last rows are done. Rows that came meanwhile are counted too: they came in shape."""
    connection.execute("SET LOCAL synchronous_commit = on")
    if migration.undecided is not None:
        connection.execute(
            "DELETE FROM data_migration_reports WHERE migration = %s AND outcome = 'WAITING'",
            [migration.name],
        )
        report = (
            "INSERT INTO data_migration_reports"
            " (migration, table_name, row_key, outcome, reason, row)"
            " SELECT %(name)s, %(table)s, row_key, 'WAITING', reason, row"
            f" FROM ({migration.undecided}) AS undecided"
        )
        values = {"name": migration.name, "table": migration.table}
        connection.execute(report, values)
    connection.execute(
        "UPDATE data_migrations SET status = 'DONE', rows_done = rows_total,"
        " batches = batches + 1, worst_ms = greatest(worst_ms, %s), updated_at = now(),"
        " finished_at = now(), reported = (SELECT count(*) FROM data_migration_reports r"
        " WHERE r.migration = data_migrations.name) WHERE name = %s",
        [round(ms), migration.name],
    )


def _shrink(connection: Connection, migration: DataMigration) -> None:
    connection.execute(
        "UPDATE data_migrations SET batch_size = greatest(batch_size / 2, %s) WHERE name = %s",
        [SMALLEST, migration.name],
    )


def _failed(connection: Connection, migration: DataMigration, why: str) -> Refused:
    first = why.splitlines()[0] if why else "no reason given"
    connection.execute(
        "UPDATE data_migrations SET status = 'FAILED', error = %s, updated_at = now()"
        " WHERE name = %s",
        [first, migration.name],
    )
    return Refused(
        f"{migration.name} stopped: {first}. What is done stays done; "
        f"`flask schema data retry {migration.name}` goes on."
    )


def _state(connection: Connection, name: str, done_before: int, elapsed: float = 0.0) -> State:
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute(
        "SELECT name, status, rows_done, rows_total, batches, worst_ms, reported"
        " FROM data_migrations WHERE name = %s",
        [name],
    ).fetchone()
    if row is None:
        raise Refused(f"{name} was undone while it ran.")
    rate = (row["rows_done"] - done_before) / elapsed if elapsed else 0.0
    return State(**row, rate=rate)


def _within(size: float) -> int:
    return int(min(LARGEST, max(SMALLEST, size)))
