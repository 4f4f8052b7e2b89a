"""NX020 to NX041: what old code, data and a way back need."""

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from nxloy_web.schema.lint.old_code import is_harmless
from nxloy_web.schema.lint.reading import Finding, Revision
from nxloy_web.schema.lint.sql import Change
from nxloy_web.schema.lint.tables import Schema

BREAKS_OLD_CODE = ("drop column", "drop table", "rename column", "rename table", "change type")
INSTEAD = [  # of types; the second pattern is that of the column's name
    (r"json$", "", "jsonb: json has no comparison"),
    (
        r"timestamp(?!tz)",
        "",
        "timestamptz: without a zone nobody knows which moment is meant",
    ),
    (r".*serial", "", "text from new_id(), or bigint GENERATED ALWAYS AS IDENTITY"),
    (r"(int4|int2)$", r"(.*_)?id$", "text from new_id(), or bigint: it runs out"),
]


class Filled(NamedTuple):
    """What a data migration belongs to."""

    group: str
    table: str


def rules(revision: Revision, before: Schema, migrations: dict[str, Filled]) -> Iterator[Finding]:
    """`migrations`: the data migrations up to here."""
    yield from _rows(revision)
    yield from _imports(revision)
    yield from _old_code(revision, before)
    if revision.says("phase") == "contract":
        yield from _contract(revision, migrations)
    yield from _types(revision)
    yield from _way_back(revision)


def _rows(revision: Revision) -> Iterator[Finding]:
    for statement, change in revision.each("rows"):
        if statement.is_written_here and not _is_reference_row(revision, change):
            yield revision.finding("NX020 rows", statement, change)
    upgrade = revision.function("upgrade")
    calls = "backfill.run(MIGRATION)" in (ast.unparse(upgrade) if upgrade else "")
    if {calls, bool(revision.says("MIGRATION"))} != {revision.says("phase") == "data"}:
        yield revision.finding("NX020 shape", 1)


def _is_reference_row(revision: Revision, change: Change) -> bool:
    """A few rows written out, which hold nobody up: in one transaction with their table, or such
    that adding them again does no harm."""
    values = change.node.get("selectStmt", {}).get("SelectStmt", {}).get("valuesLists")
    is_once = revision.is_one_transaction or "onConflictClause" in change.node
    return change.detail == "insert into" and bool(values) and is_once


def _imports(revision: Revision) -> Iterator[Finding]:
    for node in ast.walk(revision.tree):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        source = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in (f"{source}{alias.name}" for alias in node.names):
            if name.split(".")[0] == "nxloy_web" and name.split(".")[1:2] != ["schema"]:
                yield revision.finding("NX021", node.lineno, import_=name)


def _old_code(revision: Revision, before: Schema) -> Iterator[Finding]:
    phase = revision.says("phase")
    if phase not in ("expand", "data", "contract"):
        yield revision.finding("NX030 phase", 1)
    for statement, change in revision.each(*BREAKS_OLD_CODE):
        if change.table in before.tables and phase != "contract":
            column = before.tables[change.table].columns.get(change.name, "")
            if change.kind == "change type" and is_harmless(column, change.detail):
                continue
            thing = ".".join(filter(None, (change.table, change.name)))
            yield revision.finding("NX030 early", statement, change, thing=thing)


def _contract(revision: Revision, migrations: dict[str, Filled]) -> Iterator[Finding]:
    if not re.fullmatch(r"\d+(\.\d+)+", str(revision.says("min_app"))):
        yield revision.finding("NX030 version", 1)
    needs, group = revision.says("needs", ()), revision.says("group")
    for name in needs:
        if name not in migrations:
            yield revision.finding("NX030 unknown", 1, migration=name)
    for name, of in migrations.items():
        if group and of.group == group and name not in needs:
            yield revision.finding("NX030 unfinished", 1, migration=name)
    filled = {migrations[name].table for name in needs if name in migrations}
    for statement, change in revision.each("drop column"):
        if "renames.finish_rename" in statement.through and change.table not in filled:
            yield revision.finding("NX030 rename", statement, change)
    for statement, change in revision.each("create table", "add column"):
        yield revision.finding("NX041", statement, change)


def _types(revision: Revision) -> Iterator[Finding]:
    for statement, change in revision.each("add column", "change type"):
        for kind, name, instead in INSTEAD:
            if re.match(kind, change.detail) and re.match(name, change.name):
                yield revision.finding("NX031", statement, change, instead=instead)
                break


def _way_back(revision: Revision) -> Iterator[Finding]:
    back = revision.function("downgrade")
    moved, undone = (
        any(not statement.is_frame for statement in way) for way in (revision.up, revision.down)
    )
    if back is None or (moved and not undone and revision.says("phase") != "data"):
        yield revision.finding("NX040 none", back.lineno if back else 1)
    for statement in revision.down:
        # A rename keeps both columns equal, so its way back loses nothing.
        is_rename = any(name.startswith("renames.") for name in statement.through)
        for change in statement.changes:
            loses = change.kind in ("drop table", "drop column") and not is_rename
            named = [loss.split()[0] for loss in revision.says("down_loses", ())]
            if loses and change.table not in named:
                yield revision.finding("NX040 loses", statement, table=change.table)
