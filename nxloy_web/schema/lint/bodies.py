"""NX017 to NX019, NX022: what stands inside functions and data steps, read as PostgreSQL does."""

import ast
import re
from collections.abc import Iterator

import pgparse

from nxloy_web.schema.lint import trees
from nxloy_web.schema.lint.reading import Finding, Revision, Statement
from nxloy_web.schema.lint.trees import Node, inside

SQL_WORDS = re.compile(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE|MERGE)\b")
_PLACEHOLDER = re.compile(r"%\(\w+\)s|%s")


def rules(revision: Revision) -> Iterator[Finding]:
    for way in (revision.up, revision.down):
        for statement in way:
            yield from _statement(revision, statement)
    if migration := revision.says("MIGRATION"):
        yield from _steps(revision, migration)


def compiled(step: str) -> str:
    """A statement with placeholders as the driver sends it: only then it is SQL."""
    return _PLACEHOLDER.sub("NULL", step.replace("{span}", "true")).replace("%%", "%")


def _statement(revision: Revision, statement: Statement) -> Iterator[Finding]:
    for change in statement.changes:
        if change.kind == "broken":
            yield revision.finding("NX015 parse", statement, error=change.detail)
        if change.kind == "function":
            yield from _function(revision, statement, change.node, change.name)


def _function(revision: Revision, statement: Statement, node: Node, name: str) -> Iterator[Finding]:
    options = {o["DefElem"]["defname"]: o["DefElem"].get("arg", {}) for o in node["options"]}
    pinned = [one.get("name") for one in inside(options, "VariableSetStmt")]
    if list(inside(options.get("security", {}), "Boolean")) and "search_path" not in pinned:
        yield revision.finding("NX018", statement, name=name)
    language = next(inside(options.get("language", {}), "String"), {}).get("sval", "sql")
    body = next(inside(options.get("as", {}), "String"), {}).get("sval", "")
    try:
        queries = [body] if language == "sql" else list(_queries(node, name, body))
        if language != "sql" and _is_built(node, name, body):
            yield revision.finding("NX017", statement, name=name)
        for query in queries:
            for _, kind, tree in trees.parse(query):
                yield from _everything(revision, statement, kind, tree, name)
    except pgparse.PGQueryError as error:
        yield revision.finding("NX015 body", statement, name=name, error=error.message)


def _plpgsql(node: Node, name: str, body: str) -> list[Node]:
    """The tree of a PL/pgSQL body. Its arguments are read from the whole statement."""
    returns = "trigger" if "returnType" not in node else trees.type_name(node["returnType"])
    of_set = "SETOF " if node.get("returnType", {}).get("setof") else ""
    arguments = ", ".join(
        f"{one['FunctionParameter'].get('name', '')} "
        f"{trees.type_name(one['FunctionParameter']['argType'])}"
        for one in node.get("parameters", ())
    )
    tree: list[Node] = pgparse.parse_pgsql(
        f"CREATE FUNCTION {name}({arguments}) RETURNS {of_set}{returns} LANGUAGE plpgsql"
        f" AS $body${body}$body$"
    )
    return tree


def _queries(node: Node, name: str, body: str) -> Iterator[str]:
    for statement in inside(_plpgsql(node, name, body), "PLpgSQL_stmt_execsql"):
        for expression in inside(statement, "PLpgSQL_expr"):
            yield expression["query"]


def _is_built(node: Node, name: str, body: str) -> bool:
    tree = _plpgsql(node, name, body)
    return any(
        next(inside(tree, kind), None) is not None
        for kind in ("PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors")
    )


def _everything(
    revision: Revision, place: Statement | int, kind: str, tree: Node, name: str
) -> Iterator[Finding]:
    for word, found in _writes(kind, tree):
        if "whereClause" not in found:
            of = found["relation"]["relname"]
            yield revision.finding("NX019", place, name=name, table=of, word=word)


def _writes(kind: str, tree: Node) -> Iterator[tuple[str, Node]]:
    for wanted, word in (("UpdateStmt", "UPDATE"), ("DeleteStmt", "DELETE")):
        for found in inside({kind: tree}, wanted):
            yield word, found


def _steps(revision: Revision, migration: object) -> Iterator[Finding]:
    step, name = getattr(migration, "step", ""), getattr(migration, "name", "")
    undecided = getattr(migration, "undecided", None)
    line = _line_of_migration(revision)
    if isinstance(step, str):
        if "{span}" not in step:
            yield revision.finding("NX022 span", line, name=name)
        yield from _step(revision, line, step, name)
    else:
        for at, text in _strings(revision):
            yield from _step(revision, at, text, name)
    if undecided is not None:
        yield from _step(revision, line, undecided, name)


def _step(revision: Revision, line: int, step: str, name: str) -> Iterator[Finding]:
    try:
        statements = trees.parse(compiled(step))
    except pgparse.PGQueryError as error:
        yield revision.finding("NX015 step", line, name=name, error=error.message)
        return
    if len(statements) > 1:
        yield revision.finding("NX022 many", line, name=name)
    for _, kind, tree in statements:
        if kind not in ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt"):
            yield revision.finding("NX022 kind", line, name=name)
        yield from _everything(revision, line, kind, tree, name)


def _line_of_migration(revision: Revision) -> int:
    for node in revision.tree.body:
        if isinstance(node, ast.Assign) and "MIGRATION" in map(ast.unparse, node.targets):
            return node.lineno
    return 1


def _strings(revision: Revision) -> Iterator[tuple[int, str]]:
    """The SQL that a step in Python executes, where it is written out."""
    for node in ast.walk(revision.tree):
        if not (
            isinstance(node, ast.Call) and ast.unparse(node.func).endswith(".execute") and node.args
        ):
            continue
        first = node.args[0]
        if isinstance(first, ast.Constant) and SQL_WORDS.match(str(first.value)):
            yield node.lineno, str(first.value)
