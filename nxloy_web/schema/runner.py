"""Runs a data migration, batch by batch, and beside people: one runner, who can be told to wait."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row
from sqlalchemy.engine import URL, make_url

from nxloy_web.schema import batches
from nxloy_web.schema.data import Connection, DataMigration
from nxloy_web.schema.refusals import Refused
from nxloy_web.version import VERSION

GRACE = 3.0
"""Seconds for a runner that was killed to be gone from the server as well."""
LOOK_EVERY = 1.0
LOCK_SPACE = 1_853_383_780  # "nxld": the advisory locks of data migrations


@dataclass(frozen=True)
class State:
    """How far a migration is; `rate` is rows a second of this run, `process` the one of the
    database that is at it."""

    name: str
    status: str
    rows_done: int
    rows_total: int
    batches: int
    worst_ms: int
    reported: int
    error: str | None
    since: datetime
    rate: float = 0.0
    process: int | None = None


Watch = Callable[[State], None]


def address(url: URL | str) -> str:
    """A psycopg address of the same place."""
    plain = make_url(url).set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)


def run(
    url: str,
    migration: DataMigration,
    *,
    watch: Watch = lambda state: None,
    goes_on: str | None = None,
) -> State:
    """Run to the end, or until it fails; waits while it is paused. `goes_on` says how one goes on
    that failed, where it is not by `retry`.

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
            try:
                done = batches.persist(connection, migration, size)
            except batches.Stopped as stopped:
                raise _failed(connection, migration, str(stopped), goes_on) from stopped
            size, rest = done.size, done.rest
            state = _state(connection, migration.name)
            if state.status != "PAUSED":
                at_work += time.monotonic() - began + (rest or 0.0)
            watch(replace(state, rate=(state.rows_done - done_before) / max(at_work, 0.001)))
            if rest is None:
                return state
            time.sleep(rest)


def forget(connection: Connection, name: str) -> None:
    """Forget that a migration ran, so that it can run again from the beginning."""
    connection.execute("DELETE FROM data_migrations WHERE name = %s", [name])
    connection.execute("DELETE FROM data_migration_reports WHERE migration = %s", [name])


def put_back(connection: Connection, migration: DataMigration) -> None:
    """Rows that were set aside go back where they were: the report holds them whole."""
    statement = sql.SQL(
        "WITH aside AS (DELETE FROM data_migration_reports"
        " WHERE migration = %s AND outcome = 'SET_ASIDE' RETURNING row)"
        " INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, row)).* FROM aside"
    ).format(table=sql.Identifier(migration.table))
    try:
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
    """How many rows still wait for somebody's decision, or could not be done."""
    failing = batches.failing(connection, migration.name)
    if migration.undecided is None:
        return failing
    question = (
        f"SELECT count(*) FROM ({migration.undecided}) AS undecided WHERE NOT EXISTS ("
        " SELECT FROM data_migration_reports r WHERE r.migration = %s AND r.outcome = 'WAITING'"
        " AND r.row_key = undecided.row_key AND starts_with(r.reason, %s))"
    )
    row = connection.execute(question, [migration.name, batches.FAILED]).fetchone()
    return failing + (int(row[0]) if row else 0)


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
    process = _process_at(connection, migration.name)
    return f"process {process} of the database already" if process else "somebody else already"


def _process_at(connection: Connection, name: str) -> int | None:
    holder = connection.execute(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        " AND objid = (hashtext(%s)::bigint & 4294967295)::oid",
        [LOCK_SPACE, name],
    ).fetchone()
    return int(holder[0]) if holder else None


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
        [migration.name, batches.FIRST_BATCH],
    ).fetchone()
    return int(noted[0]) if noted else batches.FIRST_BATCH


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


def _failed(
    connection: Connection, migration: DataMigration, why: str, goes_on: str | None
) -> Refused:
    first = why.splitlines()[0] if why else "no reason given"
    with suppress(psycopg.OperationalError):  # it may be the connection that failed
        connection.execute(
            "UPDATE data_migrations SET status = 'FAILED', error = %s, updated_at = now()"
            " WHERE name = %s",
            [first, migration.name],
        )
    return Refused(
        f"{migration.name} stopped: {first}. What is done stays done; "
        + (goes_on or f"`flask schema data retry {migration.name}` goes on.")
    )


def _state(connection: Connection, name: str) -> State:
    cursor = connection.cursor(row_factory=dict_row)
    row = cursor.execute(
        "SELECT name, status, rows_done, rows_total, batches, worst_ms, reported, error,"
        " coalesce(finished_at, CASE status WHEN 'RUNNING' THEN started_at END, updated_at)"
        " AT TIME ZONE 'UTC' AS since"
        " FROM data_migrations WHERE name = %s",
        [name],
    ).fetchone()
    if row is None:
        raise Refused(f"{name} was undone while it ran.")
    return State(**row, process=_process_at(connection, name))
