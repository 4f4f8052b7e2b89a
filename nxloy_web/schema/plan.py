"""What is pending, what each step asks of the people at work, and whether it may run now."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema import gate, history
from nxloy_web.schema.history import DATA, Revision
from nxloy_web.schema.lint.reading import read
from nxloy_web.schema.lock_modes import MEANING, ROWS, locks_of, strongest


@dataclass(frozen=True)
class Lock:
    """A lock that a step takes on a table that is there already."""

    table: str
    mode: str
    size: str

    def __str__(self) -> str:
        return f"{self.mode} on {self.table} ({self.size}): {MEANING[self.mode]}"


@dataclass(frozen=True)
class Step:
    """A pending revision; `why_not` is None when it may run now."""

    revision: Revision
    locks: tuple[Lock, ...]
    why_not: str | None


def steps(connection: Connection) -> list[Step]:
    """The pending revisions in order. The first of them may run, and those of its phase after it,
    unless its gate says why not."""
    pending = history.pending(connection)
    if not pending:
        return []
    sizes = _sizes(connection)
    written = _statements(pending)
    planned: list[Step] = []
    for revision in pending:
        locks = tuple(_locks(revision, written[revision.id], sizes))
        planned.append(Step(revision, locks, _why_not(connection, revision, planned)))
    return planned


def _why_not(connection: Connection, revision: Revision, before: list[Step]) -> str | None:
    if not before:
        return gate.why_not(connection, revision)
    if any(step.revision.phase != revision.phase for step in before):
        return f"after {before[-1].revision.id}"
    return before[0].why_not


def _locks(revision: Revision, statements: list[str], sizes: dict[str, str]) -> Iterator[Lock]:
    modes: dict[str, set[str]] = {}
    for statement in statements:
        for table, mode in locks_of(statement):
            modes.setdefault(table, set()).add(mode)
    if revision.phase == DATA and revision.migration:
        modes.setdefault(revision.migration.table, set()).add(ROWS)
    for table, taken in sorted(modes.items()):
        if table in sizes:  # nobody uses one that is not there yet
            yield Lock(table, strongest(taken), sizes[table])


def _statements(pending: list[Revision]) -> dict[str, list[str]]:
    """The SQL of each pending revision, as it would be printed."""
    wanted = {revision.id for revision in pending}
    return {
        found.module.revision: [statement.text for statement in found.up]
        for found in read(history.folder())
        if found.module.revision in wanted
    }


def _sizes(connection: Connection) -> dict[str, str]:
    rows = connection.execute(
        text("""
            SELECT c.relname, greatest(c.reltuples, s.n_live_tup, 0)::bigint,
                   pg_size_pretty(pg_total_relation_size(c.oid))
            FROM pg_class c LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid
            WHERE c.relnamespace = 'nx'::regnamespace AND c.relkind IN ('r', 'p')
        """)
    )
    return {name: f"about {count:,} rows, {size}" for name, count, size in rows}
