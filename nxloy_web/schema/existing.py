"""What stands in the database already, so that a step can be run again after it was cut short.

Printing SQL (`--sql`) has no database to ask: then what was printed before stands.
"""

from collections.abc import Callable, Sequence
from typing import Any

from alembic import op
from sqlalchemy import text
from sqlalchemy.exc import DataError

from nxloy_web.schema.locking import PATIENCE
from nxloy_web.schema.refusals import Refused
from nxloy_web.schema.standing import Paper, Standing


def has_column(table: str, column: str) -> bool:
    return bool(
        _ask(
            "SELECT true FROM pg_attribute WHERE attrelid = to_regclass(:table)"
            " AND attname = :column AND NOT attisdropped",
            lambda standing: standing.get("column", table, column),
            table=table,
            column=column,
        )
    )


def rewrites(addition: str) -> bool:
    """Whether "ADD COLUMN …" writes every row of a table anew: asked of PostgreSQL itself, with a
    table of no rows that is never committed."""
    if op.get_context().as_sql:
        return False
    connection = op.get_bind()
    savepoint = connection.begin_nested()
    try:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{PATIENCE.get().lock_ms}ms'")
        connection.exec_driver_sql("CREATE TABLE nx_tmp_probe ()")
        file = "SELECT pg_relation_filenode('nx_tmp_probe')"
        before = connection.exec_driver_sql(file).scalar()
        connection.exec_driver_sql(f"ALTER TABLE nx_tmp_probe {addition}")
        return bool(connection.exec_driver_sql(file).scalar() != before)
    finally:
        savepoint.rollback()


def refuse_what_does_not_fit(table: str, column: str, type_: str) -> None:
    """Raises Refused when a value of the column cannot be one of this type. Reads the table."""
    now = _ask(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = to_regclass(:table) AND attname = :column",
        lambda standing: type_,
        table=table,
        column=column,
    )
    if now == type_:
        return
    try:
        op.get_bind().exec_driver_sql(f"SELECT count({column}::{type_}) FROM {table}")
    except DataError as error:
        raise Refused(
            f"Values of {table}.{column} do not fit into {type_} "
            f"({str(error.orig).splitlines()[0]}). Put them right and run the same command again."
        ) from None


def is_not_null(table: str, column: str) -> bool:
    return bool(
        _ask(
            "SELECT attnotnull FROM pg_attribute WHERE attrelid = to_regclass(:table)"
            " AND attname = :column AND NOT attisdropped",
            lambda standing: standing.get("not null", table, column),
            table=table,
            column=column,
        )
    )


def index_is_valid(name: str) -> bool | None:
    """None when there is no such index; False for what a failed CONCURRENTLY left."""
    found: bool | None = _ask(
        "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(:name)",
        lambda standing: standing.get("index", "", name),
        name=name,
    )
    return found


def constraint_is_valid(table: str, name: str) -> bool | None:
    """None when there is no such constraint; False for one that is NOT VALID."""
    found: bool | None = _ask(
        "SELECT convalidated FROM pg_constraint"
        " WHERE conrelid = to_regclass(:table) AND conname = :name",
        lambda standing: standing.get("constraint", table, name),
        table=table,
        name=name,
    )
    return found


def primary_key(table: str) -> list[str]:
    """The columns of the primary key, in order."""
    found: list[str] | None = _ask(
        "SELECT array_agg(a.attname::text ORDER BY k.place) FROM pg_constraint c"
        " CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(number, place)"
        " JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number"
        " WHERE c.conrelid = to_regclass(:table) AND c.contype = 'p'",
        lambda standing: standing.primary_keys.get(table),
        table=table,
    )
    return found or []


def alike(table: str, columns: Sequence[str], where: str | None) -> str:
    """Which rows have the same values, by their keys: what they hold may be somebody's address,
    and PostgreSQL itself does not tell where a policy is."""
    question = question_of_those_alike(table, columns, where)
    found = op.get_bind().exec_driver_sql(question).one_or_none()
    return "there were rows alike, which are gone now" if found is None else named_alike(*found)


def question_of_those_alike(table: str, columns: Sequence[str], where: str | None) -> str:
    """SQL for the keys of the first rows that have the same values, and how many such groups."""
    what, keys = ", ".join(columns), ", ".join(primary_key(table)) or "''"
    return (
        f"SELECT (array_agg(concat_ws('/', {keys})))[1:3]::text[], count(*) OVER () FROM {table}"
        f" WHERE ({what}) IS NOT NULL AND ({where or 'true'})"
        f" GROUP BY {what} HAVING count(*) > 1 LIMIT 1"
    )


def named_alike(rows: Sequence[str], groups: int) -> str:
    others = groups - 1
    more = f", and {others:,} more such {'groups' if others > 1 else 'group'}" if others else ""
    return f"the rows {' and '.join(sorted(rows))} are alike{more}"


def has_policy(table: str, name: str) -> bool:
    return bool(
        _ask(
            "SELECT true FROM pg_policy WHERE polrelid = to_regclass(:table) AND polname = :name",
            lambda standing: standing.get("policy", table, name),
            table=table,
            name=name,
        )
    )


def has_trigger(table: str, name: str) -> bool:
    return bool(
        _ask(
            "SELECT true FROM pg_trigger WHERE tgrelid = to_regclass(:table) AND tgname = :name",
            lambda standing: standing.get("trigger", table, name),
            table=table,
            name=name,
        )
    )


def hides_rows(table: str) -> bool:
    """Whether policies would hide rows of the table from this connection.

    The validation of a foreign key would then pass over rows it cannot see.
    """
    question = "SELECT row_security_active(to_regclass(:table))"
    return bool(_ask(question, lambda standing: False, table=table))


def _ask(question: str, printed: Callable[[Standing], Any], **parameters: str) -> Any:
    context = op.get_context()
    if context.as_sql:
        paper = context.impl.output_buffer
        return printed(paper.standing) if isinstance(paper, Paper) else None
    return op.get_bind().execute(text(question), parameters).scalar()
