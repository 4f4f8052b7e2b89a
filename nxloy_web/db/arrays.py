"""Many rows in one statement, one row as well as ten thousand: an array a column.

Unlike COPY this goes through row-level security, and unlike a temporary table it leaves nothing
behind in the database's catalog.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, text

from nxloy_web.db import db
from nxloy_web.db.tenant import current_business_id

Columns = tuple[tuple[str, str], ...]
"""Names and PostgreSQL types, as in (("id", "text"), ("amount", "int4"))."""


def insert_all(table: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> None:
    """Add these rows to a table of the business in scope; nothing happens without rows.

    `table` and `columns` are our own names, never what a person typed. JSON comes as text.
    """
    _execute(_insert(table, columns), rows)


def update_all(table: str, columns: Columns, rows: Iterable[Sequence[Any]], also: str = "") -> None:
    """Set columns of rows of the business in scope; the first column is the id.

    `also` is SQL for what is set besides, as in "updated_at = now()".
    """
    _execute(_update(table, columns, also), rows)


def _execute(statement: TextClause, rows: Iterable[Sequence[Any]]) -> None:
    arrays = [list(column) for column in zip(*rows, strict=True)]
    if arrays:
        values = {f"c{number}": array for number, array in enumerate(arrays)}
        db.session.execute(statement, {"business_id": current_business_id()} | values)


@lru_cache
def _insert(table: str, columns: Columns) -> TextClause:
    names = ", ".join(name for name, _ in columns)
    given = ", ".join(_as_kept(name, kind) for name, kind in columns)
    return text(
        f"INSERT INTO {table} (business_id, {names}) "  # noqa: S608 - our own names
        f"SELECT :business_id, {given} FROM {_unnested(columns)}"
    )


@lru_cache
def _update(table: str, columns: Columns, also: str) -> TextClause:
    sets = [f"{name} = {_as_kept(f'given.{name}', kind)}" for name, kind in columns[1:]]
    return text(
        f"UPDATE {table} AS kept SET {', '.join([*sets, *([also] if also else [])])} "  # noqa: S608
        f"FROM {_unnested(columns)} "
        f"WHERE kept.business_id = :business_id AND kept.{columns[0][0]} = given.{columns[0][0]}"
    )


def _unnested(columns: Columns) -> str:
    arrays = ", ".join(
        f"CAST(:c{number} AS {'text' if kind == 'jsonb' else kind}[])"
        for number, (_, kind) in enumerate(columns)
    )
    names = ", ".join(name for name, _ in columns)
    return f"unnest({arrays}) AS given ({names})"


def _as_kept(name: str, kind: str) -> str:
    return f"CAST({name} AS jsonb)" if kind == "jsonb" else name
