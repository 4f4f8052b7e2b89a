"""What a printed SQL statement does, change by change, read from PostgreSQL's own parse tree."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from nxloy_web.schema.lint import trees
from nxloy_web.schema.lint.trees import Node, inside, names, table, type_name, written


@dataclass(frozen=True)
class Change:
    """One thing that a statement does: `kind` is one of the words used below."""

    kind: str
    table: str = ""
    name: str = ""  # of the column, index, constraint, view or type
    columns: tuple[str, ...] = ()  # of a key or an index; an expression stands as it is written
    target: str = ""  # the table a foreign key points at, or the new name
    detail: str = ""  # a column's type, an index's method and predicate, and so on
    node: Node = field(default_factory=dict, compare=False, repr=False)


def split(script: str) -> list[tuple[str, tuple[Change, ...]]]:
    """The statements of a script, each tidied and with what it does. Raises
    `pgparse.PGQueryError`."""
    return [(tidy(text), tuple(_changes(kind, node))) for text, kind, node in trees.parse(script)]


_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?\*/
      | (?P<body> \$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
      | (?P<text> '(?:[^']|'')*')
      | "(?P<quoted>[^"]+)"
      | (?P<word> [\w.]+ | :: | [^\s\w] )""",
    re.VERBOSE | re.DOTALL,
)


def tidy(statement: str) -> str:
    """Small letters, one space between tokens, no comments: to show it, and for `lock_modes`."""
    return " ".join(_tokens(statement))


def _tokens(script: str) -> Iterator[str]:
    """The body of a function is one token, and no text holds what could be taken for SQL."""
    for found in _TOKEN.finditer(script):
        if found["body"]:
            yield "$$"
        elif found["text"]:
            yield re.sub(r"[^\w.']", "_", found["text"])
        elif word := found["quoted"] or found["word"]:
            yield re.sub(r"^(nx|public)\.", "", word.lower().replace(" ", "_"))


def _changes(kind: str, node: Node) -> Iterator[Change]:
    if read := _READERS.get(kind):
        yield from read(node)
    if words := _ROWS.get(kind):
        yield Change("rows", table(node.get("relation", {})), detail=words, node=node)
    # A WITH may write too, whatever stands below it.
    for cte in inside(node.get("withClause", {}), "CommonTableExpr"):
        ((inner, tree),) = cte["ctequery"].items()
        yield from _changes(inner, tree)


_ROWS = {
    "InsertStmt": "insert into",
    "UpdateStmt": "update",
    "DeleteStmt": "delete from",
    "MergeStmt": "merge into",
    "CopyStmt": "copy",
}
_KEYS = {
    "CONSTR_PRIMARY": "primary key",
    "CONSTR_UNIQUE": "unique",
    "CONSTR_FOREIGN": "foreign key",
    "CONSTR_CHECK": "check",
    "CONSTR_EXCLUSION": "exclude",
}
_ROW_SECURITY = {
    "AT_EnableRowSecurity": "enable row level security",
    "AT_ForceRowSecurity": "force row level security",
    "AT_DisableRowSecurity": "disable row level security",
    "AT_NoForceRowSecurity": "no force row level security",
}


def _create_table(node: Node) -> Iterator[Change]:
    name = table(node["relation"])
    yield Change("create table", name, node=node)
    for element in node.get("tableElts", ()):
        yield from _definition(name, element)


def _definition(name: str, element: Node) -> Iterator[Change]:
    """A column or a constraint, as CREATE TABLE and ALTER TABLE ADD write them."""
    ((kind, node),) = element.items()
    if kind == "Constraint":
        yield from _constraint(name, node)
    elif kind == "ColumnDef":
        column = node["colname"]
        yield Change("add column", name, column, detail=type_name(node["typeName"]), node=node)
        for one in node.get("constraints", ()):
            if one["Constraint"]["contype"] in (
                "CONSTR_PRIMARY",
                "CONSTR_UNIQUE",
                "CONSTR_FOREIGN",
            ):
                yield from _constraint(name, one["Constraint"], column)


def _constraint(name: str, node: Node, column: str = "") -> Iterator[Change]:
    if kind := _KEYS.get(node["contype"]):
        listed = names(node.get("keys", []) or node.get("fk_attrs", []))
        detail = f"using index {node['indexname']}" if "indexname" in node else ""
        yield Change(
            kind,
            name,
            node.get("conname", ""),
            tuple(listed) or ((column,) if column else ()),
            table(node.get("pktable", {})),
            detail,
            node,
        )


def _alter_table(node: Node) -> Iterator[Change]:
    if node.get("objtype", "OBJECT_TABLE") != "OBJECT_TABLE":
        return
    name = table(node["relation"])
    for one in node["cmds"]:
        command = one["AlterTableCmd"]
        what, on = command["subtype"], command.get("name", "")
        if what in ("AT_AddColumn", "AT_AddConstraint"):
            yield from _definition(name, command["def"])
        elif what == "AT_DropColumn":
            yield Change("drop column", name, on, node=command)
        elif what == "AT_DropConstraint":
            yield Change("drop constraint", name, on, node=command)
        elif what == "AT_AlterColumnType":
            kind = type_name(command["def"]["ColumnDef"]["typeName"])
            yield Change("change type", name, on, detail=kind, target=kind, node=command)
        else:
            detail = _ROW_SECURITY.get(what) or _words(what)
            yield Change("alter", name, on, detail=detail, node=command)


def _words(subtype: str) -> str:
    """`AT_SetNotNull`: "set not null"."""
    return " ".join(re.findall("[A-Z][a-z]*", subtype.removeprefix("AT_"))).lower()


def _index(node: Node) -> Iterator[Change]:
    elements = [one["IndexElem"] for one in node["indexParams"]]
    columns = tuple(e["name"] if "name" in e else written(e["expr"]) for e in elements)
    beside = "concurrently " if node.get("concurrent") else ""
    where = f"where {written(node['whereClause'])}" if "whereClause" in node else ""
    detail = f"{node.get('accessMethod', 'btree')} {beside}{where}"
    kind = "unique index" if node.get("unique") else "index"
    yield Change(kind, table(node["relation"]), node.get("idxname", ""), columns, "", detail, node)


def _drop(node: Node) -> Iterator[Change]:
    kinds = {
        "OBJECT_TABLE": "drop table",
        "OBJECT_INDEX": "drop index",
        "OBJECT_TRIGGER": "drop trigger",
        "OBJECT_POLICY": "drop policy",
    }
    kind = kinds.get(node["removeType"])
    for one in node["objects"]:
        listed = names(one.get("List", {}).get("items", []))
        if kind == "drop table":
            yield Change(kind, listed[-1], node=node)
        elif kind == "drop index":
            yield Change(kind, name=listed[-1], node=node)
        elif kind:
            yield Change(kind, listed[-2], listed[-1], node=node)
    if node.get("behavior") == "DROP_CASCADE":
        yield Change("cascade", node=node)


def _rename(node: Node) -> Iterator[Change]:
    kinds = {
        "OBJECT_TABLE": "rename table",
        "OBJECT_COLUMN": "rename column",
        "OBJECT_TABCONSTRAINT": "rename constraint",
    }
    if kind := kinds.get(node["renameType"]):
        new = node["newname"]
        yield Change(
            kind, table(node["relation"]), node.get("subname", ""), (), new, new, node=node
        )


def _policy(node: Node) -> Iterator[Change]:
    words = [f"{key} ( {written(node[tree])} )" for key, tree in _POLICY if tree in node]
    roles = [one["RoleSpec"].get("roletype") for one in node.get("roles", [])]
    if node.get("cmd_name", "all") != "all" or roles not in ([], ["ROLESPEC_PUBLIC"]):
        words.append("for some")
    yield Change("policy", table(node["table"]), node["policy_name"], detail=" ".join(words))


_POLICY = (("using", "qual"), ("with check", "with_check"))


def _trigger(node: Node) -> Iterator[Change]:
    function = names(node["funcname"])[-1]
    yield Change("trigger", table(node["relation"]), node["trigname"], target=function, node=node)


def _view(node: Node) -> Iterator[Change]:
    options = {o["DefElem"]["defname"]: o["DefElem"].get("arg") for o in node.get("options", ())}
    value = options.get("security_invoker", "off")
    said = "true" if value is None else str(list(inside({"v": value}, "sval")) or value).lower()
    is_invoker = "security_invoker" in options and any(w in said for w in ("true", "on", "1"))
    detail = "security_invoker" if is_invoker else ""
    yield Change("view", name=node["view"]["relname"], detail=detail, node=node)


def _stored_view(node: Node) -> Iterator[Change]:
    kind = "create table" if node.get("objtype") == "OBJECT_TABLE" else "materialized view"
    name = node["into"]["rel"]["relname"]
    yield Change(kind, name if kind == "create table" else "", name, node=node)


def _grant(node: Node) -> Iterator[Change]:
    if not node.get("is_grant"):
        return
    option = " with grant option" if node.get("grant_option") else ""
    for one in node.get("objects", [{}]):
        role = [g["RoleSpec"] for g in node["grantees"]]
        to = ", ".join(
            str(r.get("rolename", r["roletype"].removeprefix("ROLESPEC_"))) for r in role
        )
        yield Change("grant", table(one.get("RangeVar", {})), target=f"{to}{option}", node=node)


def _locks(*keys: str) -> Callable[[Node], Iterator[Change]]:
    def read(node: Node) -> Iterator[Change]:
        for key in keys:
            for relation in inside(node.get(key, {}), "RangeVar"):
                yield Change("lock", table(relation), node=node)
            if "relname" in node.get(key, {}):
                yield Change("lock", table(node[key]), node=node)

    return read


def _vacuum(node: Node) -> Iterator[Change]:
    if node.get("is_vacuumcmd"):
        for one in inside(node.get("rels", []), "VacuumRelation"):
            yield Change("lock", table(one["relation"]), node=node)


def _one(kind: str, name: Callable[[Node], str]) -> Callable[[Node], Iterator[Change]]:
    def read(node: Node) -> Iterator[Change]:
        yield Change(kind, table(node.get("relation", {})), name(node), node=node)

    return read


_READERS: dict[str, Callable[[Any], Iterator[Change]]] = {
    "CreateStmt": _create_table,
    "AlterTableStmt": _alter_table,
    "IndexStmt": _index,
    "DropStmt": _drop,
    "RenameStmt": _rename,
    "CreatePolicyStmt": _policy,
    "AlterPolicyStmt": _policy,
    "CreateTrigStmt": _trigger,
    "ViewStmt": _view,
    "CreateTableAsStmt": _stored_view,
    "CreateEnumStmt": _one("enum", lambda node: names(node["typeName"])[-1]),
    "CreateFunctionStmt": _one("function", lambda node: names(node["funcname"])[-1]),
    "RuleStmt": _one("rule", lambda node: str(node["rulename"])),
    "GrantStmt": _grant,
    "TruncateStmt": _locks("relations"),
    "LockStmt": _locks("relations"),
    "ClusterStmt": _locks("relation"),
    "ReindexStmt": _locks("relation"),
    "VacuumStmt": _vacuum,
}
