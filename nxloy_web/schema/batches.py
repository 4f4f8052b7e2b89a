"""One batch of a data migration: its rows and its place in one transaction, sized by time.

A row that the step cannot do is looked for by halves, reported with its key and what was wrong,
and left behind; the contract waits for it.
"""

import json
import time
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import errors

from nxloy_web.schema.data import Connection, DataMigration
from nxloy_web.schema.locking import PATIENCE, blockers
from nxloy_web.schema.refusals import Refused

TARGET_MS, LONGEST_MS = 20, 60
"""What a batch should take, and when it is cut short, to be tried again with half of its rows: a
writer that meets one of them waits for it to commit."""
FIRST_BATCH, SMALLEST, LARGEST = 100, 25, 20_000
REST = 0.1
"""The share of a batch's time that is left to others after it."""
PAUSED_REST = 0.5
MOST_FAILING = 1_000
"""With more rows that cannot be done it is the step that is wrong, and everything stops."""
FAILED = "it could not be done: "
"""How the reason in the report begins, of a row that the step could not do."""
OF_THE_ROW = ("21", "22", "23", "44", "55", "P0")
"""Classes of errors that a row's own values can cause; others would meet every row."""


@dataclass(frozen=True)
class Done:
    """What a batch did, and how to go on: `rest` is None when there is nothing left."""

    size: int
    rows: int
    rest: float | None


class RowsFailed(Exception):
    """Some row of a batch cannot be done; nothing of the batch was."""


class Stopped(Exception):
    """A batch cannot be done at all."""


def persist(connection: Connection, migration: DataMigration, size: int) -> Done:
    """A batch; when it takes too long, or somebody holds its rows, it is tried again, smaller and
    later. A row that cannot be done is reported, and what is around it done.

    Raises Stopped when it cannot go on.
    """
    try:
        return _try(connection, migration, size)
    except RowsFailed:
        return _hunt(connection, migration, size)


def _try(connection: Connection, migration: DataMigration, size: int) -> Done:
    patience, holders = PATIENCE.get(), list[str]()
    for pause in patience.pauses(patience.attempts):
        try:
            return _batch(connection, migration, size)
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            holders = blockers(connection, migration.table) or holders
        except errors.QueryCanceled:
            if size <= SMALLEST:  # no time-out of ours
                raise Stopped("somebody has cancelled it") from None
        except psycopg.Error as error:
            if connection.closed or (error.sqlstate or "")[:2] not in OF_THE_ROW:
                raise Stopped(str(error)) from error
            raise RowsFailed(str(error)) from error
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise RowsFailed(f"{type(error).__name__}: {error}") from error
        size = min(size, max(SMALLEST, size // 2))
        time.sleep(pause)
    who = " and ".join(holders) or "somebody"
    raise Stopped(f"rows of {migration.table} are held by {who}")


def _hunt(connection: Connection, migration: DataMigration, suspects: int) -> Done:
    """The first of the next rows that cannot be done is among the `suspects`: those before it are
    done, half of them at a time, and it is reported."""
    while True:
        size = max(1, suspects // 2)
        try:
            done = _try(connection, migration, size)
        except RowsFailed as failed:
            if size == 1:
                _leave_behind(connection, migration, str(failed))
                return Done(SMALLEST, 1, 0.0)
            suspects = size
        else:
            suspects -= done.rows
            if suspects <= 0 or not done.rows:  # put right meanwhile; or paused, or at the end
                return done


def _batch(connection: Connection, migration: DataMigration, size: int) -> Done:
    started = time.monotonic()
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE.get().lock_ms}ms'")
        if size > SMALLEST:
            connection.execute(f"SET LOCAL statement_timeout = '{LONGEST_MS}ms'")
        # The place is lost together with the batch, so waiting for the disk gains nothing.
        connection.execute("SET LOCAL synchronous_commit = off")
        status, after, is_finished = _place(connection, migration)
        if is_finished:  # not by its status, which the application may set
            return Done(size, 0, None)
        if status == "PAUSED":
            return Done(size, 0, PAUSED_REST)
        upto, rows = _end(connection, migration, after, size)
        if upto is None:
            _finish(connection, migration)
            return Done(size, 0, None)
        do(connection, migration, after, upto)
        milliseconds = (time.monotonic() - started) * 1000
        size = _fitting(size, milliseconds)
        _remember(connection, migration, upto, rows, size, milliseconds)
    return Done(size, rows, REST * milliseconds / 1000)


def do(
    connection: Connection, migration: DataMigration, after: list[Any] | None, upto: list[Any]
) -> None:
    """The step itself, on the rows after one key, up to and with another."""
    do_span(connection, migration, migration.span(after, upto))


def do_span(connection: Connection, migration: DataMigration, span: Any) -> None:
    if callable(migration.step):
        migration.step(connection, span)
    else:
        statement = migration.step.replace("{span}", span.where)
        connection.execute(statement, span.parameters)


def _place(connection: Connection, migration: DataMigration) -> Any:
    row = connection.execute(
        "SELECT status, cursor, finished_at IS NOT NULL FROM data_migrations"
        " WHERE name = %s FOR UPDATE",
        [migration.name],
    ).fetchone()
    if row is None:
        raise Refused(f"{migration.name} was undone while it ran.")
    return row


def _end(
    connection: Connection, migration: DataMigration, after: list[Any] | None, size: int
) -> tuple[list[Any] | None, int]:
    """The key of the last row of the next batch, and how many rows it has; None, 0 at the end."""
    span = migration.rest(after)
    at = migration.alias or migration.table
    columns = ", ".join(f"{at}.{column}" for column in migration.key)
    last = ", ".join(f"{column} DESC" for column in migration.key)
    question = (
        f"SELECT *, count(*) OVER () FROM (SELECT {columns} FROM {migration.table}"
        f" {migration.alias} WHERE {span.where} ORDER BY {columns} LIMIT %(size)s) AS batch"
        f" ORDER BY {last} LIMIT 1"
    )
    row = connection.execute(question, span.parameters | {"size": size}).fetchone()
    return (list(row[:-1]), int(row[-1])) if row else (None, 0)


def _remember(
    connection: Connection,
    migration: DataMigration,
    upto: list[Any],
    rows: int,
    size: int,
    ms: float,
) -> None:
    connection.execute(
        "UPDATE data_migrations SET cursor = %s, rows_done = rows_done + %s, batches = batches + 1,"
        " worst_ms = greatest(worst_ms, %s), batch_size = %s, updated_at = now() WHERE name = %s",
        [json.dumps(upto), rows, round(ms), size, migration.name],
    )


def _leave_behind(connection: Connection, migration: DataMigration, why: str) -> None:
    """Report the next row, and go past it."""
    first = why.splitlines()[0] if why else "no reason given"
    with connection.transaction():
        _, after, _ = _place(connection, migration)
        upto, rows = _end(connection, migration, after, 1)
        if upto is None:
            return
        span, at = migration.span(after, upto), migration.alias or migration.table
        key = ", ".join(f"'{column}', {at}.{column}" for column in migration.key)
        connection.execute(
            "INSERT INTO data_migration_reports"
            " (migration, table_name, row_key, outcome, reason, row)"
            f" SELECT %(name)s, %(table)s, jsonb_build_object({key}), 'WAITING', %(reason)s,"
            f" to_jsonb({at}) FROM {migration.table} {migration.alias} WHERE {span.where}",
            span.parameters
            | {"name": migration.name, "table": migration.table, "reason": FAILED + first},
        )
        _remember(connection, migration, upto, rows, SMALLEST, 0)
        count_reports(connection, migration.name)
    if failing(connection, migration.name) > MOST_FAILING:
        raise Stopped(
            f"more than {MOST_FAILING:,} rows cannot be done, the last one because {first}"
        )


def failing(connection: Connection, name: str) -> int:
    """How many rows wait because the step could not do them."""
    row = connection.execute(
        "SELECT count(*) FROM data_migration_reports"
        " WHERE migration = %s AND outcome = 'WAITING' AND starts_with(reason, %s)",
        [name, FAILED],
    ).fetchone()
    return int(row[0]) if row else 0


def count_reports(connection: Connection, name: str) -> None:
    """Note how many rows are in the report, for whoever may not read it."""
    connection.execute(
        "UPDATE data_migrations SET reported = (SELECT count(*) FROM data_migration_reports r"
        " WHERE r.migration = data_migrations.name) WHERE name = %s",
        [name],
    )


def _finish(connection: Connection, migration: DataMigration) -> None:
    """No row is left. In a transaction of its own: what looks at the whole table for rows to report
    must not hold those of a batch meanwhile."""
    connection.execute("SET LOCAL synchronous_commit = on")
    connection.execute("SET LOCAL statement_timeout = 0")
    if migration.undecided is not None:
        connection.execute(
            "DELETE FROM data_migration_reports WHERE migration = %s AND outcome = 'WAITING'"
            " AND NOT starts_with(reason, %s)",
            [migration.name, FAILED],
        )
        report = (
            "INSERT INTO data_migration_reports"
            " (migration, table_name, row_key, outcome, reason, row)"
            " SELECT %(name)s, %(table)s, row_key, 'WAITING', reason, row"
            f" FROM ({migration.undecided}) AS undecided WHERE NOT EXISTS ("
            "  SELECT FROM data_migration_reports r WHERE r.migration = %(name)s"
            "  AND r.outcome = 'WAITING' AND r.row_key = undecided.row_key)"
        )
        values = {"name": migration.name, "table": migration.table}
        connection.execute(report, values)
    connection.execute(
        "UPDATE data_migrations SET status = 'DONE', rows_total = rows_done, updated_at = now(),"
        " finished_at = now() WHERE name = %s",
        [migration.name],
    )
    count_reports(connection, migration.name)


def _fitting(size: int, ms: float) -> int:
    """What would have taken as long as a batch should; not too far from what it was."""
    fitting = size * min(1.5, max(0.5, TARGET_MS / max(ms, 1)))
    return int(min(LARGEST, max(SMALLEST, fitting)))
