"""Rows that a data migration left behind: those that wait, tried again, and those that were set
aside, brought back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from nxloy_web.schema import batches, history
from nxloy_web.schema.data import Connection, DataMigration, Span
from nxloy_web.schema.refusals import Refused

WAITING, SET_ASIDE = "WAITING", "SET_ASIDE"


@dataclass(frozen=True)
class Report:
    """One row in the report."""

    id: int
    migration: str
    outcome: str
    table_name: str
    row_key: dict[str, Any]
    reason: str
    row: dict[str, Any]

    @property
    def key(self) -> str:
        """As a person types it: `bakery/ada`."""
        first = [name for name in ("business_id",) if name in self.row_key]
        names = [*first, *(name for name in self.row_key if name not in first)]
        return "/".join(str(self.row_key[name]) for name in names)


def reported(connection: Connection, name: str | None = None) -> list[Report]:
    """The report of one data migration, or of all."""
    cursor = connection.cursor(row_factory=class_row(Report))
    return cursor.execute(
        "SELECT id, migration, outcome, table_name, row_key, reason, row"
        " FROM data_migration_reports WHERE %(name)s::text IS NULL OR migration = %(name)s"
        " ORDER BY id",
        {"name": name},
    ).fetchall()


def resolve(connection: Connection, migration: DataMigration, report: Report) -> None:
    """Try the step again on a row that waits, after somebody has put it right (or deleted it).

    Raises Refused with what is still in the way; the row goes on waiting then.
    """
    try:
        with connection.transaction():
            batches.do_span(connection, migration, _exactly(migration, report))
            connection.execute("DELETE FROM data_migration_reports WHERE id = %s", [report.id])
            if reason := _undecided(connection, migration, report):
                raise Refused(f"{report.key} still waits: {reason}")
            batches.count_reports(connection, migration.name)
    except psycopg.Error as error:
        raise Refused(f"{report.key} still waits: {_first_line(error)}") from None


def bring_back(
    connection: Connection,
    migration: DataMigration,
    report: Report,
    values: Mapping[str, str],
    without: Sequence[str] = (),
) -> None:
    """Put a row that was set aside back into its table, with what a person says about it, and have
    the step done on it.

    Raises Refused, and changes nothing, when the row does not fit or would be set aside again.
    """
    row = {k: v for k, v in report.row.items() if k not in without} | dict(values)
    present = _columns(connection, report.table_name)
    if unknown := sorted(k for k, v in row.items() if k not in present and v is not None):
        raise Refused(
            f"{report.table_name} has no column {' or '.join(unknown)} now. Say "
            + ", ".join(f"`--without {name}`" for name in unknown)
            + " to leave that out, and `--set COLUMN=VALUE` for what has taken its place."
        )
    named = [name for name in row if name in present]
    statement = sql.SQL(
        "INSERT INTO {table} ({columns}) SELECT {columns}"
        " FROM jsonb_populate_record(NULL::{table}, %s)"
    ).format(
        table=sql.Identifier(report.table_name),
        columns=sql.SQL(", ").join(map(sql.Identifier, named)),
    )
    try:
        with connection.transaction():
            connection.execute("DELETE FROM data_migration_reports WHERE id = %s", [report.id])
            connection.execute(statement, [Jsonb(row)])
            if _can_be_done(connection, migration):
                batches.do_span(connection, migration, _exactly(migration, report))
            if reason := _left_again(connection, migration, report):
                raise Refused(f"{report.key} would be set aside again: {reason}")
            batches.count_reports(connection, migration.name)
    except psycopg.Error as error:
        raise Refused(f"{report.key} does not fit in: {_first_line(error)}") from None


def _exactly(migration: DataMigration, report: Report) -> Span:
    """The one row of this key."""
    at = migration.alias or migration.table
    parts = [f"{at}.{column} = %(key_{i})s" for i, column in enumerate(migration.key)]
    values = [report.row_key.get(c, report.row.get(c)) for c in migration.key]
    return Span(" AND ".join(parts), {f"key_{i}": value for i, value in enumerate(values)})


def _undecided(connection: Connection, migration: DataMigration, report: Report) -> str | None:
    if migration.undecided is None:
        return None
    row = connection.execute(
        f"SELECT reason FROM ({migration.undecided}) AS undecided WHERE row_key = %s LIMIT 1",
        [Jsonb(report.row_key)],
    ).fetchone()
    return row[0] if row else None


def _left_again(connection: Connection, migration: DataMigration, report: Report) -> str | None:
    row = connection.execute(
        "SELECT reason FROM data_migration_reports WHERE migration = %s AND row_key = %s LIMIT 1",
        [migration.name, Jsonb(report.row_key)],
    ).fetchone()
    return row[0] if row else None


def _can_be_done(connection: Connection, migration: DataMigration) -> bool:
    """Not after the contract: what the step fills from is gone then."""
    here = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    known = history.revisions()
    ids = [revision.id for revision in known]
    done = ids[: ids.index(here[0]) + 1] if here and here[0] in ids else []
    return not any(migration.name in r.needs and r.id in done for r in known)


def _columns(connection: Connection, table: str) -> set[str]:
    rows = connection.execute(
        "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attnum > 0"
        " AND NOT attisdropped",
        [table],
    )
    return {row[0] for row in rows.fetchall()}


def _first_line(error: psycopg.Error) -> str:
    return str(error).splitlines()[0]
