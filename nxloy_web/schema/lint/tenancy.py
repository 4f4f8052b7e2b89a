"""NX001 to NX007: what keeps tenants, and living and deleted rows, apart. No other tool sees it."""

import re
from collections.abc import Iterator

from nxloy_web.schema.lint.reading import Finding, Revision
from nxloy_web.schema.lint.tables import ALIVE, Schema, Table

KEYS = ("primary key", "unique", "index", "unique index")
CALLS_THAT_MAY_STAND = {"coalesce", "greatest", "least"}
NOT_LEAKPROOF = re.compile(r"(citext|numeric|json|jsonb)\b|.*\[")


def rules(revision: Revision, before: Schema, after: Schema) -> Iterator[Finding]:
    yield from _made(revision, after)
    yield from _unguarded(revision, before, after)
    yield from _references(revision, after)
    yield from _keys(revision, after)
    yield from _leakproof(revision, after)
    for statement, change in revision.each("view", "materialized view"):
        if change.kind != "view" or not change.detail:
            yield revision.finding(f"NX007 {change.kind}", statement, change)


def at_the_end(schema: Schema) -> Iterator[Finding]:
    """What may be unfinished after some revisions, but not when the history ends."""
    for table in schema.tables.values():
        if table.tenant_since and table.is_tenant and table.missing_guards:
            yield table.tenant_since("NX001 end")
        if table.soft_since and table.full_uniques:
            yield table.soft_since("NX005 end", names=", ".join(sorted(table.full_uniques)))


def _made(revision: Revision, after: Schema) -> Iterator[Finding]:
    for statement, change in revision.each("create table"):
        table = after.tables.get(change.table, Table())
        if table.is_tenant and table.missing_guards:
            missing = ", ".join(table.missing_guards)
            table.tenant_since = None  # said once
            yield revision.finding("NX001 made", statement, change, missing=missing)
        if not table.is_tenant and not _is_opened(revision, change.table):
            yield revision.finding("NX002", statement, change)


def _is_opened(revision: Revision, table: str) -> bool:
    return any(
        change.table == table and statement.through and "operations." in statement.through[0]
        for statement, change in revision.each("grant", "alter")
    )


def _unguarded(revision: Revision, before: Schema, after: Schema) -> Iterator[Finding]:
    for statement, change in revision.each("drop policy", "alter"):
        old, new = before.tables.get(change.table), after.tables.get(change.table)
        if old and new and new.missing_guards and not old.missing_guards:
            new.tenant_since = None
            yield revision.finding("NX001 lost", statement, change)


def _references(revision: Revision, after: Schema) -> Iterator[Finding]:
    for statement, change in revision.each("foreign key"):
        ends = [after.tables.get(name, Table()) for name in (change.table, change.target)]
        if all(end.is_tenant for end in ends) and "business_id" not in change.columns:
            yield revision.finding("NX003", statement, change)


def _keys(revision: Revision, after: Schema) -> Iterator[Finding]:
    becomes_primary = {c.detail.split()[-1] for _, c in revision.each("primary key") if c.detail}
    for statement, change in revision.each(*KEYS):
        table = after.tables.get(change.table, Table())
        if not change.columns:
            continue  # USING INDEX: the index was looked at
        if table.is_tenant and change.columns[0].split()[0] != "business_id":
            yield revision.finding("NX004", statement, change)
        counts_all = change.kind.startswith("unique") and ALIVE not in change.detail
        if counts_all and "deleted_at" in table.columns and change.name not in becomes_primary:
            yield revision.finding("NX005 made", statement, change)


def _leakproof(revision: Revision, after: Schema) -> Iterator[Finding]:
    def is_slow(table: Table, element: str) -> bool:
        kind = table.columns.get(element.split()[0], "")
        calls = set(re.findall(r"(\w+) \(", element)) - CALLS_THAT_MAY_STAND
        return bool(calls or NOT_LEAKPROOF.match(kind) or kind in after.enums)

    tenants = {name: table for name, table in after.tables.items() if table.is_tenant}
    for statement, change in revision.each(*KEYS, "add column", "change type"):
        table = tenants.get(change.table)
        if table and change.kind in KEYS:
            slow = [element for element in change.columns if is_slow(table, element)]
            if change.detail.startswith(("gin ", "gist ")):
                slow = list(change.columns)
            if slow:
                elements = ", ".join(slow)
                yield revision.finding("NX006 index", statement, change, elements=elements)
        elif table and (change.detail in after.enums or change.detail == "citext"):
            yield revision.finding("NX006 column", statement, change)
