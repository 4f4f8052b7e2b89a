"""NX008, NX009, NX016, NX032 to NX036: what the people at work, or the code that is still running,
would not bear, however briefly the lock is held."""

from collections.abc import Iterator
from itertools import chain

from nxloy_web.schema.lint.reading import Finding, Revision, Statement
from nxloy_web.schema.lint.sql import Change
from nxloy_web.schema.lint.tables import MINE, Schema, Table
from nxloy_web.schema.lint.trees import Node, inside, names, type_name, written

GUARD = "refuse_change"
"""The function of the triggers that keep history as it was."""
ROLES = {"nx_app", "nx_worker", "nx_doors", "nx_migrator"}
STABLE = {
    "now",
    "transaction_timestamp",
    "statement_timestamp",
    "current_setting",
    "lower",
    "upper",
}


def rules(revision: Revision, before: Schema, after: Schema) -> Iterator[Finding]:
    yield from _policies(revision)
    yield from _guards(revision, before)
    yield from _grants(revision)
    if revision.says("phase") == "expand":
        yield from _tighter(revision, before)
    yield from _rewrites(revision, before)
    yield from _scans(revision, before, after)
    _note_harmless(revision, before)
    for statement, change in chain(revision.each("cascade"), _each_down(revision, "cascade")):
        if statement.is_written_here:
            yield revision.finding("NX036", statement, change)


def at_the_end(schema: Schema) -> Iterator[Finding]:
    """A foreign key without an index, unless the rows it refers to are never deleted."""
    stay = {
        name
        for name, table in schema.tables.items()
        if "deleted_at" in table.columns or GUARD in table.triggers.values()
    }
    for table in schema.tables.values():
        for columns, (target, say) in table.references.items():
            if columns and target not in stay and not table.has_index_for(columns):
                yield say("NX033")


def is_harmless(old: str, new: str) -> bool:
    """Whether a type may take the place of another without a look at the rows."""
    plain_old, plain_new = old.split(" ")[0], new.split(" ")[0]
    if plain_old in ("text", "varchar") and new in ("text", "varchar"):
        return True
    if plain_old == plain_new and plain_old in ("varchar", "numeric") and "(" in old:
        if "(" not in new:
            return True
        had, gets = ([int(w) for w in kind.split() if w.isdigit()] for kind in (old, new))
        return gets[0] >= had[0] and gets[1:] == had[1:]
    return old == new


def _note_harmless(revision: Revision, before: Schema) -> None:
    """What squawk would say of, without knowing what it was before."""
    for statement in revision.up:
        harmless = {
            squawks
            for change in statement.changes
            for squawks in _squawks_for_nothing(change, before.tables.get(change.table, Table()))
        }
        revision.harmless |= {(statement.line, rule) for rule in harmless}


def _squawks_for_nothing(change: Change, table: Table) -> Iterator[str]:
    if change.kind == "rename constraint":
        yield "renaming-object"
    old = table.columns.get(change.name, "")
    if change.kind == "change type" and is_harmless(old, change.detail):
        yield "changing-column-type"


def _each_down(revision: Revision, kind: str) -> Iterator[tuple[Statement, Change]]:
    for statement in revision.down:
        for change in statement.changes:
            if change.kind == kind:
                yield statement, change


def _policies(revision: Revision) -> Iterator[Finding]:
    for statement, change in revision.each("policy"):
        mine = f"id = {MINE.split(' = ', 1)[1]}" if change.table == "businesses" else MINE
        if change.detail != f"using ( {mine} ) with check ( {mine} )":
            yield revision.finding("NX008", statement, change)


def _guards(revision: Revision, before: Schema) -> Iterator[Finding]:
    is_expand = revision.says("phase") != "contract"
    for statement, change in revision.each("drop trigger", "alter", "rule", "function"):
        table = before.tables.get(change.table, Table())
        function = table.triggers.get(change.name, "")
        if change.kind == "drop trigger" and function and (is_expand or function == GUARD):
            yield revision.finding("NX009 trigger", statement, change)
        elif change.kind == "alter" and change.detail.startswith(("disable trig", "disable rule")):
            yield revision.finding("NX009 off", statement, change)
        elif change.kind == "rule" and change.table in before.tables:
            yield revision.finding("NX009 rule", statement, change)
        elif change.kind == "function" and change.name == GUARD and before.tables:
            yield revision.finding("NX009 function", statement, change)


def _grants(revision: Revision) -> Iterator[Finding]:
    for statement, change in revision.each("grant"):
        to = {role.strip() for role in change.target.split(",")}
        if to - ROLES:
            yield revision.finding("NX016", statement, change)


def _tighter(revision: Revision, before: Schema) -> Iterator[Finding]:
    """Old code writes what it always wrote. A column of the same group it does not write."""
    for statement, change in revision.each("alter", "check"):
        table = before.tables.get(change.table)
        if table is None or any(name.startswith("renames.") for name in statement.through):
            continue

        def is_old(column: str, table: Table = table) -> bool:
            return column in table.columns and table.groups.get(column) != revision.group

        if change.kind == "alter":
            if change.detail == "set not null" and is_old(change.name):
                yield revision.finding("NX032 null", statement, change)
            continue
        rule = change.node.get("raw_expr", {})
        columns = [names(ref["fields"])[-1] for ref in inside(rule, "ColumnRef")]
        replaced = table.checks.get(change.name.removeprefix("nx_tmp_"), {})
        if all(map(is_old, columns)) and columns and not _is_wider(rule, replaced):
            yield revision.finding("NX032 check", statement, change)


def _is_wider(new: Node, old: Node) -> bool:
    """Whether a list of members grew."""
    if not old:
        return False
    had, has = (set(_members(rule)) for rule in (old, new))
    return bool(had) and had <= has


def _members(rule: Node) -> Iterator[str]:
    for one in inside(rule, "A_Const"):
        yield written({"A_Const": one})


def _rewrites(revision: Revision, before: Schema) -> Iterator[Finding]:
    """A column that PostgreSQL fills for every row, while nobody reads."""
    for statement, change in revision.each("add column"):
        if change.table not in before.tables:
            continue
        for one in change.node.get("constraints", ()):
            constraint = one["Constraint"]
            kind = constraint["contype"]
            calls = [names(c["funcname"])[-1] for c in inside(constraint, "FuncCall")]
            is_volatile = kind == "CONSTR_DEFAULT" and set(calls) - STABLE
            if kind in ("CONSTR_GENERATED", "CONSTR_IDENTITY") or is_volatile:
                yield revision.finding("NX034", statement, change)
        if "serial" in type_name(change.node["typeName"]):
            yield revision.finding("NX034", statement, change)


def _scans(revision: Revision, before: Schema, after: Schema) -> Iterator[Finding]:
    """In a short lock, that is: where an operation of ours would have done it beside the people."""
    for statement in revision.up:
        if not statement.is_written_here or not statement.is_online:
            continue
        for change in statement.changes:
            table = before.tables.get(change.table)
            proofs = after.tables.get(change.table, Table()).checks
            if table is not None and (why := _reads_all(change, table, proofs)):
                yield revision.finding("NX035", statement, change, why=why)


def _reads_all(change: Change, table: Table, proofs: dict[str, Node]) -> str:
    node = change.node
    if change.kind in ("check", "foreign key") and not node.get("skip_validation"):
        return "proves it for every row; use online.add_check or add_foreign_key"
    if change.kind in ("unique", "primary key", "exclude") and not change.detail:
        return "builds an index meanwhile; use online.add_unique, or create_index and USING INDEX"
    if change.kind in ("index", "unique index") and "concurrently" not in change.detail:
        return "builds an index meanwhile; use online.create_index"
    if change.kind == "change type" and not is_harmless(
        table.columns.get(change.name, ""), change.detail
    ):
        return "writes every row anew; use a new column and a data migration"
    if change.kind == "alter" and change.detail == "set not null":
        proof = f"{change.name} is not null"
        if not any(written(rule) == proof for rule in proofs.values() if rule):
            return "looks at every row; use online.set_not_null"
    if change.kind == "alter" and change.detail in (
        "set logged",
        "set un logged",
        "set table space",
    ):
        return "writes every row anew"
    if change.kind == "alter" and change.detail == "validate constraint":
        return "looks at every row; online.add_check does it outside of the lock"
    return "takes as long as the table is large" if change.kind == "lock" else ""
