"""DDL that asks for its lock briefly, again and again, and gives up with the blocker's name.

A statement that waits for an exclusive lock makes everybody queue behind it, so it may wait for
50 ms at most. The schedule is that of GitLab's lock retries, without its last try that waits for
ever. `make bench-schema` measures what people notice.
"""

import functools
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from alembic import op
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from nxloy_web.schema.refusals import TableBusy

LOCK_NOT_AVAILABLE, QUERY_CANCELED, DEADLOCK = "55P03", "57014", "40P01"


@dataclass(frozen=True)
class Patience:
    """How long to wait for a lock, and how often to ask again."""

    lock_ms: int = 50
    """Of a lock that would hold up the people at work: whoever comes after waits for as long, and
    is not to notice. Much less than deadlock_timeout, so that of two that wait for each other it
    is the change that gives way."""
    quiet_lock_ms: int = 20_000
    """Of a lock that stands in nobody's way but another schema change's."""
    statement_s: int = 5
    attempts: int = 30
    quiet_attempts: int = 3
    pause_s: float = 0.1
    longest_pause_s: float = 2.0

    def pauses(self, attempts: int) -> Iterator[float]:
        pause = self.pause_s
        for _ in range(attempts):
            yield pause
            pause = min(pause * 1.6, self.longest_pause_s)


_USUAL = Patience()
PATIENCE: ContextVar[Patience] = ContextVar("patience", default=_USUAL)


def locked(table: str, *statements: str) -> None:
    """Run statements that lock `table` (or "two, of them") in a short transaction of their own.

    Raises TableBusy when the lock was not to be had; nothing was changed then.
    """
    patience = PATIENCE.get()
    script = (
        "BEGIN",
        f"SET LOCAL lock_timeout = '{patience.lock_ms}ms'",
        f"SET LOCAL statement_timeout = '{patience.statement_s}s'",
        *statements,
        "COMMIT",
    )
    _persist(table, script, patience.attempts, undo="ROLLBACK")


def quietly(table: str, *statements: str, undo: str | None = None) -> None:
    """Run statements that block no reader and no writer, each by itself and for as long as it
    takes: CONCURRENTLY and VALIDATE. `undo` clears away what a failed try left; where that has to
    wait too, the next try begins with it."""
    patience = PATIENCE.get()
    script = (
        f"SET lock_timeout = '{patience.quiet_lock_ms}ms'",
        "SET statement_timeout = 0",
        *statements,
        "RESET lock_timeout",
        "RESET statement_timeout",
    )
    _persist(table, script, patience.quiet_attempts, undo=undo, what_now=_FINISH)


_AGAIN = "Nothing was changed; run the same command again later."
_FINISH = "What was begun is finished by the same command, run again later."


def _persist(
    table: str,
    script: tuple[str, ...],
    attempts: int,
    *,
    undo: str | None,
    what_now: str = _AGAIN,
) -> None:
    context = op.get_context()
    with context.autocommit_block():
        if context.as_sql:
            for statement in script:
                op.execute(statement)
            return
        connection = op.get_bind()
        holders: list[str] = []
        litter = False
        for pause in PATIENCE.get().pauses(attempts):
            try:
                if undo and litter:
                    connection.exec_driver_sql(undo)
                for statement in script:
                    connection.exec_driver_sql(statement)
                return
            except DBAPIError as error:
                litter = not _cleared(connection, undo)
                if not is_waiting(error):
                    raise
                holders = blockers(connection, table) or holders
            time.sleep(pause)
        raise TableBusy(_sentence(table, holders, what_now))


def _cleared(connection: Connection, undo: str | None) -> bool:
    """Whether nothing of the failed try is left."""
    if undo:
        try:
            connection.exec_driver_sql(undo)
        except DBAPIError as error:
            if not is_waiting(error):
                raise
            return False
    return True


def one_transaction(body: Callable[[], None]) -> Callable[[], None]:
    """For a revision that only makes (or drops) whole tables: all of it or nothing.

    A reference to an existing table locks that table; when the lock is not granted in time, the
    body starts again from a savepoint, which lets go of every lock it held.
    """

    @functools.wraps(body)
    def bounded() -> None:
        patience = PATIENCE.get()
        op.execute(f"SET LOCAL lock_timeout = '{patience.lock_ms}ms'")
        if op.get_context().as_sql:
            op.execute(f"SET LOCAL statement_timeout = '{patience.statement_s}s'")
            body()
            return
        connection = op.get_bind()
        holders: list[str] = []
        for pause in patience.pauses(patience.attempts):
            savepoint = connection.begin_nested()
            try:
                body()
            except DBAPIError as error:
                savepoint.rollback()
                if not is_waiting(error):
                    raise
                holders = blockers(connection) or holders
            else:
                savepoint.commit()
                return
            time.sleep(pause)
        raise TableBusy(_sentence(None, holders, _AGAIN))

    return bounded


def is_waiting(error: DBAPIError) -> bool:
    """Whether a statement failed only because somebody else was in the way."""
    state = getattr(error.orig, "sqlstate", None)
    return state in (LOCK_NOT_AVAILABLE, QUERY_CANCELED, DEADLOCK)


_HOLDERS = """
    SELECT DISTINCT a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'a session') AS name,
           a.state, a.xact_start
    FROM pg_stat_activity a
    LEFT JOIN pg_locks l ON l.pid = a.pid AND l.granted AND l.locktype = 'relation'
      AND l.relation IN (SELECT oid FROM pg_class
                         WHERE relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)
                           AND (%(table)s::text IS NULL
                                OR relname = ANY(string_to_array(%(table)s, ', '))))
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.backend_type = 'client backend'
      AND (l.pid IS NOT NULL OR (NOT %(locks_only)s AND a.xact_start IS NOT NULL))
    ORDER BY a.xact_start NULLS LAST LIMIT 3
"""


def blockers(connection: Any, table: str | None = None) -> list[str]:
    """Who holds `table` (any table, without one), the longest first.

    Building an index waits for old transactions too, whatever they hold: without a holder of the
    table, those are named. The statement itself is not shown: it may hold a customer's name.
    `connection` is SQLAlchemy's or psycopg's.
    """
    ask = getattr(connection, "exec_driver_sql", connection.execute)
    for locks_only in (True, False):
        rows = ask(_HOLDERS, {"table": table, "locks_only": locks_only}).fetchall()
        if rows:
            return [_named(*row) for row in rows]
    return []


def _named(pid: int, user: str, name: str, state: str | None, since: Any) -> str:
    when = f" since {since:%H:%M:%S} UTC" if since else ""
    return f"{name} ({user}, process {pid}{f', {state}' if state else ''}{when})"


def _sentence(table: str | None, holders: list[str], what_now: str) -> str:
    what = f"The table {table}" if table else "A table this step refers to"
    who = f" by {' and '.join(holders)}" if holders else " by somebody"
    return f"{what} is held{who}. {what_now}"
