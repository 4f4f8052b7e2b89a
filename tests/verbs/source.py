"""The functions of the product as their source tells them: what they refer to, what they change."""

import ast
from collections.abc import Iterator
from configparser import ConfigParser
from dataclasses import dataclass, field
from pathlib import Path

import nxloy_web
from tools.storeys import Plan, lines

ROOT = Path(nxloy_web.__file__).parent
PACKAGE = nxloy_web.__name__
_SESSION_WRITES = {"add", "add_all", "delete", "flush", "merge"}
_EXECUTIONS = {"db.session.execute", "db.session.scalar", "db.session.scalars"}
_STATEMENTS = {"update", "insert", "delete", "delete_rows"}


@dataclass
class Function:
    """A function of a module, or a class, whose methods count as one."""

    module: str
    """As below the package: `programs.service`."""
    name: str
    node: ast.FunctionDef | ast.ClassDef
    refers_to: set[str] = field(default_factory=set)
    changes: bool = False

    @property
    def key(self) -> str:
        return f"{self.module}.{self.name}"

    @property
    def is_public_function(self) -> bool:
        return isinstance(self.node, ast.FunctionDef) and not self.name.startswith("_")

    @property
    def decorators(self) -> list[str]:
        return [ast.unparse(each) for each in self.node.decorator_list]

    @property
    def question(self) -> ast.Call | None:
        """The call in the first line that asks the actor for a right."""
        body = self.node.body
        first = body[1] if ast.get_docstring(self.node) is not None else body[0]
        if not (isinstance(first, ast.Expr) and isinstance(first.value, ast.Call)):
            return None
        asked = ast.unparse(first.value.func)
        return first.value if asked in ("by.needs", "by.needs_to_be") else None

    @property
    def permission(self) -> str | None:
        """What it asks for: `REWARDS_EDIT`. None when only the person themselves may."""
        call = self.question
        if call is None or ast.unparse(call.func) != "by.needs":
            return None
        return ast.unparse(call.args[0]).removeprefix("Permission.")

    @property
    def is_for_customers(self) -> bool:
        """Whether customers may do it for themselves."""
        call = self.question
        return call is not None and (self.permission is None or bool(call.keywords))


def functions() -> dict[str, Function]:
    """Every function and class at the top of a module, and whether calling it changes something."""
    found: dict[str, Function] = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = _names(tree, module)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                one = Function(module, node.name, node)
                one.refers_to = set(_references(node, names)) - {one.key}
                one.changes = _changes_by_itself(node)
                found[one.key] = one
    while more := [
        one
        for one in found.values()
        if not one.changes and any(found[key].changes for key in one.refers_to if key in found)
    ]:
        for one in more:
            one.changes = True
    return found


def storey_of(module: str) -> str | None:
    parser = ConfigParser()
    parser.read(ROOT.parent / ".importlinter")
    section = parser["importlinter:contract:storeys"]
    storeys = [line for line in section["storeys"].strip().splitlines() if line]
    return Plan.read(lines(storeys), section["features"], [], [], []).storey_of(module)


def _names(tree: ast.Module, module: str) -> dict[str, str]:
    """What the names of a module stand for, as far as they are ours."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == PACKAGE:
            source = (node.module or "").removeprefix(PACKAGE).removeprefix(".")
            for each in node.names:
                names[each.asname or each.name] = f"{source}.{each.name}".removeprefix(".")
    for top in tree.body:
        if isinstance(top, ast.FunctionDef | ast.ClassDef):
            names[top.name] = f"{module}.{top.name}"
    return names


def _references(node: ast.AST, names: dict[str, str]) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and each.id in names:
            yield names[each.id]
        elif (
            isinstance(each, ast.Attribute)
            and isinstance(each.value, ast.Name)
            and each.value.id in names
        ):
            yield f"{names[each.value.id]}.{each.attr}"


def _changes_by_itself(node: ast.AST) -> bool:
    inside = list(ast.walk(node))
    # The statement may have been put together before.
    writes = any(map(_is_statement, inside)) and any(map(_is_execution, inside))
    return writes or any(map(_is_change, inside))


def _is_change(node: ast.AST) -> bool:
    if isinstance(node, ast.Assign):
        return any(
            isinstance(target, ast.Attribute) and ast.unparse(target.value) != "self"
            for each in node.targets
            for target in (each.elts if isinstance(each, ast.Tuple) else [each])
        )
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    called = ast.unparse(node.func)
    if called.startswith("db.session.") and node.func.attr in _SESSION_WRITES:
        return True
    return called == "job.defer"  # a queued job is a row


def _is_statement(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in _STATEMENTS
    )


def _is_execution(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in _EXECUTIONS
