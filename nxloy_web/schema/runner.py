"""Runs a data migration: batches sized by time, the place kept in each batch's own transaction."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row
from sqlalchemy.engine import URL, make_url

from nxloy_web.schema.data import Connection, DataMigration
from nxloy_web.schema.locking import PATIENCE, blockers
from nxloy_web.schema.refusals import Refused
from nxloy_web.version import VERSION

TARGET_MS, LONGEST_MS = 20, 60
"""What a batch should take, and when it is cut short, to be tried again with half of its rows: a
writer that meets one of them waits for it to commit."""
FIRST_BATCH, SMALLEST, LARGEST = 100, 25, 20_000
REST = 0.1
"""The share of a batch's time that is left to others after it."""
GRACE = 3.0
"""Seconds for a runner that was killed to be gone from the server as well."""
PAUSED_REST = 0.5
LOOK_EVERY = 1.0
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
        size = _begin(connection, migration)
        done_before, at_work = _state(connection, migration.name).rows_done, 0.0
        looked = time.monotonic()
        while True:
            began = time.monotonic()
            if began - looked > LOOK_EVERY:
                _look_again(connection)
                looked = time.monotonic()
            size, rest = _persist(connection, migration, size)
            state = _state(connection, migration.name)
            if state.status != "PAUSED":
                at_work += time.monotonic() - began + (rest or 0.0)
            watch(replace(state, rate=(state.rows_done - done_before) / max(at_work, 0.001)))
            if rest is None:
                return state
            time.sleep(rest)


def forget(url: str, name: str) -> None:
    """Forget that a migration ran, so that it can run again from the beginning."""
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM data_migrations WHERE name = %s", [name])
        connection.execute("DELETE FROM data_migration_reports WHERE migration = %s", [name])


def put_back(url: str, migration: DataMigration) -> None:
    """Rows that were set aside go back where they were: the report holds them whole."""
    statement = sql.SQL(
        "WITH aside AS (DELETE FROM data_migration_reports"
        " WHERE migration = %s AND outcome = 'SET_ASIDE' RETURNING row)"
        " INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, row)).* FROM aside"
    ).format(table=sql.Identifier(migration.table))
    try:
        with psycopg.connect(url) as connection:
            connection.execute(statement, [migration.name])
    except errors.IntegrityError as error:
        raise Refused(
            f"Rows that {migration.name} set aside cannot go back to {migration.table}: "
            f"{error.diag.message_detail or error}"
        ) from None


def states(connection: Connection) -> list[State]:
    """How far every data migration is that has ever begun."""
    names = connection.execute("SELECT name FROM data_migrations ORDER BY started_at, name")
    return [_state(connection, row[0]) for row in names.fetchall()]


def waiting(connection: Connection, migration: DataMigration) -> int:
    """How many rows still wait for somebody's decision."""
    if migration.undecided is None:
        return 0
    question = f"SELECT count(*) FROM ({migration.undecided}) AS undecided"
    row = connection.execute(question).fetchone()
    return int(row[0]) if row else 0


def _be_the_only_one(connection: Connection, migration: DataMigration) -> None:
    """Held by the session, so it ends with the runner, however that ends: the server notices a
    killed one when the statement it was at is done, so it is asked a few times."""
    until = time.monotonic() + GRACE
    while not _take_lock(connection, migration):
        if time.monotonic() > until:
            raise Refused(f"{migration.name} is being run by {_runner_of(connection, migration)}.")
        time.sleep(0.1)


def _take_lock(connection: Connection, migration: DataMigration) -> bool:
    row = connection.execute(
        "SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCK_SPACE, migration.name]
    ).fetchone()
    return bool(row and row[0])


def _runner_of(connection: Connection, migration: DataMigration) -> str:
    holder = connection.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted"
        " AND objid = (hashtext(%s)::bigint & 4294967295)::oid",
        [LOCK_SPACE, migration.name],
    ).fetchone()
    return f"process {holder[0]} of the database already" if holder else "somebody else already"


def _begin(connection: Connection, migration: DataMigration) -> int:
    """Note that it runs; the size of its next batch."""
    row = connection.execute(
        "SELECT row_security_active(%s::text::regclass)", [migration.table]
    ).fetchone()
    if row and row[0]:
        raise Refused(f"Policies hide rows of {migration.table} from this role: use the migrator.")
    noted = connection.execute(
        sql.SQL(
            "INSERT INTO data_migrations (name, status, started_at, batch_size, rows_total)"
            " SELECT %s, 'RUNNING', now(), %s, count(*) FROM {}"
            " ON CONFLICT (name) DO UPDATE SET error = NULL, updated_at = now(), status = CASE"
            "  WHEN data_migrations.status = 'PAUSED' OR data_migrations.finished_at IS NOT NULL"
            "  THEN data_migrations.status ELSE 'RUNNING' END RETURNING batch_size"
        ).format(sql.Identifier(migration.table)),
        [migration.name, FIRST_BATCH],
    ).fetchone()
    return int(noted[0]) if noted else FIRST_BATCH


def _look_again(connection: Connection) -> None:
    """Have the planner look at tables that have grown by half. Autovacuum does so once a minute;
    until then each batch would be planned as if they were nearly empty, and might read them whole
    (a hundred times slower, found with the ledger)."""
    grown = connection.execute(
        "SELECT c.oid::regclass::text FROM pg_class c"
        " WHERE c.relnamespace = 'nx'::regnamespace AND c.relkind = 'r'"
        " AND pg_stat_get_mod_since_analyze(c.oid) > 1000 + c.reltuples / 2"
    ).fetchall()
    for (table,) in grown:
        connection.execute(f"ANALYZE (SKIP_LOCKED) {table}")


def _persist(
    connection: Connection, migration: DataMigration, size: int
) -> tuple[int, float | None]:
    """A batch; when it takes too long, or somebody holds its rows, it is tried again, smaller and
    later."""
    patience, holders = PATIENCE.get(), list[str]()
    for pause in patience.pauses(patience.attempts):
        try:
            return _batch(connection, migration, size)
        except (errors.LockNotAvailable, errors.DeadlockDetected, errors.QueryCanceled):
            holders = blockers(connection, migration.table) or holders
        except psycopg.Error as error:
            raise _failed(connection, migration, str(error)) from error
        size = max(SMALLEST, size // 2)
        time.sleep(pause)
    who = " and ".join(holders) or "somebody"
    raise _failed(connection, migration, f"rows of {migration.table} are held by {who}")


def _batch(connection: Connection, migration: DataMigration, size: int) -> tuple[int, float | None]:
    """One batch in one transaction; the size of the next one, and how long to rest before it (None
    when there is nothing left)."""
    started = time.monotonic()
    with connection.transaction():
        connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE.get().lock_ms}ms'")
        if size > SMALLEST:
            connection.execute(f"SET LOCAL statement_timeout = '{LONGEST_MS}ms'")
        # The place is lost together with the batch, so waiting for the disk gains nothing.
        connection.execute("SET LOCAL synchronous_commit = off")
        row = connection.execute(
            "SELECT status, cursor, finished_at IS NOT NULL FROM data_migrations"
            " WHERE name = %s FOR UPDATE",
            [migration.name],
        ).fetchone()
        if row is None:
            raise Refused(f"{migration.name} was undone while it ran.")
        status, after, is_finished = row
        if is_finished:  # not by its status, which the application may set
            return size, None
        if status == "PAUSED":
            return size, PAUSED_REST
        upto, rows = _end(connection, migration, after, size)
        if upto is None:
            _finish(connection, migration)
            return size, None
        span = migration.span(after, upto)
        if callable(migration.step):
            migration.step(connection, span)
        else:
            statement = migration.step.replace("{span}", span.where)
            connection.execute(statement, span.parameters)
        milliseconds = (time.monotonic() - started) * 1000
        size = _fitting(size, milliseconds)
        _remember(connection, migration, upto, rows, size, milliseconds)
    return size, REST * milliseconds / 1000


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


def _finish(connection: Connection, migration: DataMigration) -> None:
    """No row is left. In a transaction of its own: what looks at the whole table for rows to report
    must not hold those of a batch meanwhile."""
    connection.execute("SET LOCAL synchronous_commit = on")
    connection.execute("SET LOCAL statement_timeout = 0")
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
        "UPDATE data_migrations SET status = 'DONE', rows_total = rows_done, updated_at = now(),"
        " finished_at = now(), reported = (SELECT count(*) FROM data_migration_reports r"
        " WHERE r.migration = data_migrations.name) WHERE name = %s",
        [migration.name],
    )


def _failed(connection: Connection, migration: DataMigration, why: str) -> Refused:
    first = why.splitlines()[0] if why else "no reason given"
    with suppress(psycopg.OperationalError):  # it may be the connection that failed
        connection.execute(
            "UPDATE data_migrations SET status = 'FAILED', error = %s, updated_at = now()"
            " WHERE name = %s",
            [first, migration.name],
        )
    return Refused(
        f"{migration.name} stopped: {first}. What is done stays done; "
        f"`flask schema data retry {migration.name}` goes on."
    )


def _state(connection: Connection, name: str) -> State:
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute(
        "SELECT name, status, rows_done, rows_total, batches, worst_ms, reported"
        " FROM data_migrations WHERE name = %s",
        [name],
    ).fetchone()
    if row is None:
        raise Refused(f"{name} was undone while it ran.")
    return State(**row, rate=0.0)


def _fitting(size: int, ms: float) -> int:
    """What would have taken as long as a batch should; not too far from what it was."""
    fitting = size * min(1.5, max(0.5, TARGET_MS / max(ms, 1)))
    return int(min(LARGEST, max(SMALLEST, fitting)))
