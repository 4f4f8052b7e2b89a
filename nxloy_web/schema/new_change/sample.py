"""The rows that a written test brings in: one of the table, and those that it must point at."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.db.base import EnumText
from nxloy_web.schema.new_change.change import Change

TEST = '''"""Rows of {table} at the shape before {first}, and what becomes of them."""
{imports}
from tests.schema.conftest import At
from tests.schema.walking import Walk

BEFORE = "{before}"


def row(walk: Walk, id_: str) -> None:
    """One as old code writes it."""
{own}


def test_{name}_keeps_every_row(on_both: At) -> None:
    walk = on_both(BEFORE)
    walk.business("bakery")
{parents}    row(walk, "1"){body}'''
VALUES = {
    "TEXT": "id_",
    "INTEGER": "1",
    "BIGINT": "1",
    "BOOLEAN": "False",
    "DATE": '"2026-01-01"',
    "TIMESTAMP WITH TIME ZONE": '"2026-01-01"',
    "JSONB": "{}",
    "BYTEA": 'b"1"',
}
WELL_KNOWN = {"currency": '"EUR"', "timezone": '"UTC"', "business_id": '"bakery"'}


def test_of(change: Change, before: str) -> str:
    """The text of the test. Where a rule of the table asks for more, the row is to be edited."""
    body = change.test
    needed = [word for word in ("psycopg", "pytest") if f"{word}." in body]
    imports = "".join(f"\nimport {word}" for word in needed) + "\n" if needed else ""
    parents = list(_parents(change.table, ()))
    return TEST.format(
        table=change.table.name,
        first=change.steps[0].id,
        imports=imports,
        before=before,
        own=f"    {_own(change)}",
        name=change.name,
        parents="".join(f"    {_parent(table)}\n" for table in parents),
        body=body,
    )


def _parents(table: sa.Table, below: tuple[sa.Table, ...]) -> Iterator[sa.Table]:
    """The tables in which a row must be for one of this table, farthest first."""
    seen: set[str] = set()
    for column in _needed(table):
        for key in column.foreign_keys:
            target = key.column.table
            if target.name in {"businesses", *seen, *(t.name for t in (table, *below))}:
                continue
            seen.add(target.name)
            for farther in _parents(target, (*below, table)):
                if farther.name not in seen:
                    seen.add(farther.name)
                    yield farther
            yield target


def _needed(table: sa.Table) -> list[sa.Column[object]]:
    """The columns that a row has to say."""
    return [c for c in table.columns if not c.nullable and c.server_default is None]


def _own(change: Change) -> str:
    needed = [c for c in _needed(change.table) if c.name not in change.new]
    more = [change.table.columns[n] for n in change.told_apart]
    columns = dict.fromkeys([*needed, *more])
    values = {c.name: _value(c, "id_") for c in columns}
    for column in more:
        if str(column.type) in ("INTEGER", "BIGINT"):
            values[column.name] = "int(id_)"
    return _insert(change.table, values, "id_")


def _parent(table: sa.Table) -> str:
    return _insert(table, {c.name: _value(c, _id(table)) for c in _needed(table)}, _id(table))


def _insert(table: sa.Table, values: dict[str, str], id_: str) -> str:
    if table.name == "businesses":
        return f"walk.business({id_})"
    said = ", ".join(f"{name}={value}" for name, value in values.items())
    return f'walk.insert("{table.name}", {said})'


def _value(column: sa.Column[object], id_: str) -> str:
    if column.name in WELL_KNOWN:
        return WELL_KNOWN[column.name]
    for key in column.foreign_keys:
        if key.column.name == "id":
            return _id(key.column.table)
    if isinstance(column.type, EnumText):
        return repr(next(iter(column.type.kind)).value)
    kind = column.type.compile(dialect=postgresql.dialect()).removesuffix(' COLLATE "C"')
    return VALUES.get(kind, "1").replace("id_", id_)


def _id(table: sa.Table) -> str:
    return '"bakery"' if table.name == "businesses" else '"1"'
