"""NX010 to NX014: what makes people wait, or runs as somebody else."""

import re
from collections import defaultdict
from collections.abc import Iterator

from nxloy_web.schema.lint.reading import Finding, Revision, Statement
from nxloy_web.schema.lint.sql import Change
from nxloy_web.schema.lint.tables import Schema

RAW = "online.run_locked, with a reason"
INSTEAD = {  # of every kind of change that locks a table
    "add column": "online.add_columns",
    "drop column": "online.drop_columns",
    "index": "online.create_index",
    "unique index": "online.create_index",
    "drop index": "online.drop_index",
    "foreign key": "online.add_foreign_key",
    "check": "online.add_check",
    "unique": "online.add_unique",
    "primary key": "online.swap_primary_key",
    "drop constraint": "online.drop_constraint",
    "rename column": "renames.start_rename",
    "change type": "a new column and a data migration",
    "policy": "online.close_table",
    "drop policy": "online.open_again",
    "trigger": "online.add_trigger",
    "drop trigger": "online.drop_trigger",
    **dict.fromkeys(("alter", "exclude", "lock"), RAW),
    **dict.fromkeys(("drop table", "rename table", "rename constraint"), RAW),
}


def rules(revision: Revision, before: Schema) -> Iterator[Finding]:
    for way in (revision.up, revision.down):
        yield from _blocking(revision, way, before)
        yield from _many_at_once(revision, way, before)
    yield from _mixed(revision)
    for statement in [*revision.up, *revision.down]:
        if statement.is_written_here and re.match(
            r"create .*\bconcurrently if not exists\b", statement.text
        ):
            yield revision.finding("NX013", statement)
        if re.match(r"(re)?set (local |session )?(role|session authorization)\b", statement.text):
            yield revision.finding("NX014", statement)


def _blocking(revision: Revision, way: list[Statement], before: Schema) -> Iterator[Finding]:
    for statement in way:
        if statement.is_online:
            continue
        if statement.text.startswith("do "):
            yield revision.finding("NX010 block", statement)
        for change in statement.changes:
            if table := _locked_table(revision, change, before):
                shown = " ".join(statement.text.split()[:6])
                facts = {"shown": shown, "locked": table, "instead": INSTEAD[change.kind]}
                yield revision.finding("NX010", statement, change, **facts)
                break


def _locked_table(revision: Revision, change: Change, before: Schema) -> str:
    """The table a change locks, unless this revision made it."""
    if change.kind == "drop index":
        made_here = {c.name for _, c in revision.each("index", "unique index")}
        return "" if change.name in made_here else f"the table of {change.name}"
    return change.table if change.kind in INSTEAD and change.table in before.tables else ""


def _many_at_once(revision: Revision, way: list[Statement], before: Schema) -> Iterator[Finding]:
    held: dict[int, set[str]] = defaultdict(set)
    for statement in way:
        tables = {_locked_table(revision, c, before) for c in statement.changes} - {""}
        locked = held[statement.transaction]
        if statement.transaction and locked and tables - locked:
            both = " and ".join(sorted(locked | tables))
            yield revision.finding("NX011", statement, tables=both)
        locked |= tables


def _mixed(revision: Revision) -> Iterator[Finding]:
    """A revision is one transaction that makes tables, or steps that can each be run again."""
    for statement in revision.up:
        if not statement.is_frame and statement.is_online == revision.is_one_transaction:
            if revision.is_one_transaction:
                yield revision.finding("NX012 mixed", statement, operation=statement.through[0])
            else:
                yield revision.finding("NX012 bare", statement)
            return
