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

from nxloy_web.schema import begun
from nxloy_web.schema.refusals import TableBusy, TooLong

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
        *filter(None, [begun.note()]),
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
        if script[0] == "BEGIN":
            _again_and_again(connection, table, script, attempts, undo, what_now)
            begun.noted()
        else:
            with begun.noting(connection):
                _again_and_again(connection, table, script, attempts, undo, what_now)


def _again_and_again(
    connection: Connection,
    table: str,
    script: tuple[str, ...],
    attempts: int,
    undo: str | None,
    what_now: str,
) -> None:
    holders: list[str] = []
    litter = False
    is_quiet = script[0] != "BEGIN"
    for pause in PATIENCE.get().pauses(attempts):
        try:
            if undo and litter:
                connection.exec_driver_sql(undo)
            for statement in script:
                connection.exec_driver_sql(statement)
            return
        except DBAPIError as error:
            litter = not _cleared(connection, undo)
            refuse_stopped(error, table)
            if not is_waiting(error):
                raise
            holders = blockers(connection, table, snapshots=is_quiet) or holders
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
        op.execute(f"SET LOCAL statement_timeout = '{patience.statement_s}s'")
        if op.get_context().as_sql:
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
                refuse_stopped(error, None)
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
    return getattr(error.orig, "sqlstate", None) in (LOCK_NOT_AVAILABLE, DEADLOCK)


def refuse_stopped(error: DBAPIError, table: str | None) -> None:
    """Raises TooLong for a statement that was stopped while it worked: to wait and ask again would
    only stop people again."""
    if getattr(error.orig, "sqlstate", None) != QUERY_CANCELED:
        return
    if "statement timeout" in str(error.orig):
        bound = PATIENCE.get().statement_s
        raise TooLong(
            f"A statement on {table or 'a table'} was at work for {bound} s with a lock that stops "
            "people, and was stopped; nobody was in its way. Nothing of it was changed. It reads "
            "or rewrites rows, so it has to be done another way."
        ) from None
    raise TooLong(
        f"A statement on {table or 'a table'} was cancelled by somebody. {_AGAIN}"
    ) from None


_HOLDERS = """
    SELECT DISTINCT a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'a session') AS name,
           a.state, a.xact_start, l.pid IS NOT NULL AS holds_it
    FROM pg_stat_activity a
    LEFT JOIN pg_locks l ON l.pid = a.pid AND l.granted AND l.locktype = 'relation'
      AND l.relation IN (SELECT oid FROM pg_class
                         WHERE relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)
                           AND (%(table)s::text IS NULL
                                OR relname = ANY(string_to_array(%(table)s, ', '))))
    WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.backend_type = 'client backend'
      AND (l.pid IS NOT NULL OR (%(snapshots)s AND a.backend_xmin IS NOT NULL))
    ORDER BY a.xact_start NULLS LAST LIMIT 3
"""


def blockers(connection: Any, table: str | None = None, *, snapshots: bool = False) -> list[str]:
    """Who holds `table` (any table, without one), the longest first.

    `snapshots`: who looks at the database as it was earlier, too, whatever they hold. An index that
    is built beside people waits for those, a dump for example. The statement itself is not shown:
    it may hold a customer's name. `connection` is SQLAlchemy's or psycopg's.
    """
    ask = getattr(connection, "exec_driver_sql", connection.execute)
    rows = ask(_HOLDERS, {"table": table, "snapshots": snapshots}).fetchall()
    return [_named(*row) for row in rows]


def _named(pid: int, user: str, name: str, state: str | None, since: Any, holds_it: bool) -> str:
    when = f" since {since:%H:%M:%S} UTC" if since else ""
    whose = name if holds_it else f"the snapshot of {name}"
    return f"{whose} ({user}, process {pid}{f', {state}' if state else ''}{when})"


def _sentence(table: str | None, holders: list[str], what_now: str) -> str:
    what = f"The table {table}" if table else "A table this step refers to"
    who = f" by {' and '.join(holders)}" if holders else " by somebody"
    return f"{what} is held{who}. {what_now}"
