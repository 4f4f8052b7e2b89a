"""A change of the schema as a group of revisions, before it is written into files."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema.history import CONTRACT, DATA, LONGEST_ID
from nxloy_web.schema.refusals import Refused
from nxloy_web.tables import Base

TYPES = {  # of PostgreSQL: as a revision writes them, and as a model does
    "TEXT": ("sa.Text()", "str", ""),
    'TEXT COLLATE "C"': ('sa.Text(collation="C")', "str", "SearchText"),
    "INTEGER": ("sa.Integer()", "int", ""),
    "BIGINT": ("sa.BigInteger()", "int", "BigInteger"),
    "BOOLEAN": ("sa.Boolean()", "bool", ""),
    "DATE": ("sa.Date()", "date", ""),
    "TIMESTAMP WITH TIME ZONE": ("postgresql.TIMESTAMP(timezone=True)", "datetime", ""),
}
SPELLINGS = {"INT": "INTEGER", "BOOL": "BOOLEAN", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class Step:
    """One revision of the group."""

    id: str
    phase: str
    title: str
    up: tuple[str, ...]
    down: tuple[str, ...]
    down_loses: str = ""
    migration: str = ""
    """What stands in the call of DataMigration."""

    def text(self, after: str, group: str, needs: Sequence[str], min_app: str) -> str:
        """The file."""
        body = "\n".join((*self.up, *self.down))
        imports = ["import sqlalchemy as sa"] if "sa." in body else []
        if "postgresql." in body:
            imports.append("from sqlalchemy.dialects import postgresql")
        names = [n for n in ("backfill", "online", "renames") if f"{n}." in body + self.migration]
        facts = [f'revision = "{self.id}"', f'down_revision = "{after}"', "branch_labels = None"]
        facts += ["depends_on = None", f'phase = "{self.phase}"', f'group = "{group}"']
        if self.phase == CONTRACT:
            facts += [f"needs = {tuple(needs)!r}"] if needs else []
            facts.append(f'min_app = "{min_app}"')
        if self.down_loses:
            facts.append(f"down_loses = ({self.down_loses!r},)")
        ours = [f"from nxloy_web.schema import {', '.join(names)}"]
        if self.migration.startswith("DataMigration"):
            ours.append("from nxloy_web.schema.data import DataMigration")
        parts = [f'"""{self.title}"""', "\n".join(imports), "\n".join(ours), "\n".join(facts)]
        if self.migration:
            parts.append(f"MIGRATION = {self.migration}")
        parts += [_function("upgrade", self.up), _function("downgrade", self.down)]
        return "\n\n".join(part for part in parts if part) + "\n"


@dataclass(frozen=True)
class Change:
    """A group: its revisions in order, what the model says then, and what its test does."""

    name: str
    table: sa.Table
    steps: tuple[Step, ...]
    model: str
    test: str
    """The body of the test, after a database at the old shape was made."""
    new: tuple[str, ...] = ()
    """Columns that are not there at the old shape, though the model may have them already."""
    told_apart: tuple[str, ...] = ()
    """Columns in which the rows of the test differ."""


def _function(name: str, lines: Sequence[str]) -> str:
    return f"\ndef {name}() -> None:\n" + "\n".join(f"    {line}" for line in lines)


def step_id(verb: str, name: str) -> str:
    found = f"{verb}_{name}"
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or len(found) > LONGEST_ID:
        longest = LONGEST_ID - len("require_")
        raise Refused(
            f"{found} is no word for a revision: give the change a --name of small letters, "
            f"{longest} at most."
        )
    return found


def table_of(name: str) -> sa.Table:
    table = Base.metadata.tables.get(name)
    if table is None:
        raise Refused(f"No model has a table {name}.")
    return table


def column_of(table: sa.Table, name: str) -> sa.Column[object]:
    """A column as the model has it before the change."""
    if name not in table.columns:
        raise Refused(
            f"The model of {table.name} has no column {name}. Write the change first, then the "
            "model: what is written looks at the shape before."
        )
    return table.columns[name]


def new_name(name: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name):
        raise Refused(f"{name} is no name for a column: small letters, with `_` between words.")
    return name


def sql_type(said: str) -> str:
    """A type by how people write it."""
    found = SPELLINGS.get(said.upper(), said.upper())
    if found not in TYPES:
        known = ", ".join(kind.lower() for kind in TYPES)
        raise Refused(f"new-change knows no type {said}; it knows {known}.")
    return found


def type_of(column: sa.Column[object]) -> str:
    return sql_type(column.type.compile(dialect=postgresql.dialect()))


def default_of(column: sa.Column[object]) -> str | None:
    """The server's default, as SQL."""
    default = column.server_default
    if not isinstance(default, sa.DefaultClause):
        return None
    said = default.arg
    return f"'{said}'" if isinstance(said, str) else str(said)


def leans_on(table: sa.Table, column: str) -> list[str]:
    """The indexes and rules that would go together with a column."""
    word = re.compile(rf"\b{column}\b")
    things: list[sa.Index | sa.Constraint] = [*table.indexes, *table.constraints]
    found = [thing for thing in things if word.search(_words_of(thing))]
    others = [
        key
        for other in Base.metadata.tables.values()
        for key in other.foreign_key_constraints
        if any(e.column.table is table and e.column.name == column for e in key.elements)
    ]
    return sorted({str(thing.name) for thing in (*found, *others)})


def _words_of(thing: sa.Index | sa.Constraint) -> str:
    if isinstance(thing, sa.CheckConstraint):
        return str(thing.sqltext)
    if isinstance(thing, sa.Index):
        where = thing.dialect_options["postgresql"].get("where")
        return " ".join(str(part) for part in (*thing.expressions, where))
    return " ".join(column.name for column in getattr(thing, "columns", ()))


def key_of(table: sa.Table) -> tuple[str, ...]:
    return tuple(column.name for column in table.primary_key.columns)


def filling(name: str, table: sa.Table, column: str, value: str) -> Step:
    """The data migration that gives a value to the rows without one."""
    keys = key_of(table)
    pairs = ", ".join(f"'{key}', {key}" for key in keys)
    other_key = "" if keys == ("business_id", "id") else f"    key={keys!r},\n"
    step = f"UPDATE {table.name} SET {column} = {value.replace('%', '%%')}"
    return Step(
        id=step_id("fill", name),
        phase=DATA,
        title=f"{table.name}.{column}, data: a value for the rows without one.",
        up=("backfill.run(MIGRATION)",),
        down=("backfill.forget(MIGRATION)",),
        migration=(
            f'DataMigration(\n    name="{step_id("fill", name)}",\n    table="{table.name}",\n'
            f"{other_key}"
            f"    step={f'{step} WHERE {{span}} AND {column} IS NULL'!r},\n"
            '    undecided="""\n'
            f"        SELECT jsonb_build_object({pairs}) AS row_key,\n"
            "               'it has no value: old code wrote it since' AS reason,\n"
            f"               to_jsonb({table.name}) AS row\n"
            f'        FROM {table.name} WHERE {column} IS NULL""",\n)'
        ),
    )
