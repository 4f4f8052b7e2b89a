"""What stands when printed statements have run, read with PostgreSQL's own parser.

Printing SQL has no database to ask, and a step that has been printed must not be printed again.
"""

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TextIO

import pgparse
from alembic.ddl.postgresql import PostgresqlImpl
from sqlalchemy import TextClause, text

Node = dict[str, Any]


@dataclass
class Standing:
    """Things by kind, table and name; of a constraint, whether it is proven."""

    things: dict[tuple[str, str, str], bool] = field(default_factory=dict)
    primary_keys: dict[str, list[str]] = field(default_factory=dict)

    def copy(self) -> "Standing":
        return Standing(dict(self.things), dict(self.primary_keys))

    def get(self, kind: str, table: str, name: str) -> bool | None:
        """None when there is no such thing."""
        return self.things.get((kind, table, name))

    def note(self, script: str) -> None:
        """Follow what a script does. One that does not parse does nothing that is known."""
        try:
            statements = pgparse.parse(script)
        except pgparse.PGQueryError:
            return
        for statement in statements:
            for kind, node in statement["stmt"].items():
                self._follow(kind, node)

    def _follow(self, kind: str, node: Node) -> None:
        table = str(node.get("relation", {}).get("relname", ""))
        if kind == "CreateStmt":
            for element in node.get("tableElts", ()):
                self._define(table, element)
        elif kind == "AlterTableStmt":
            for command in node["cmds"]:
                self._alter(table, command["AlterTableCmd"])
        elif kind == "IndexStmt":
            self.things["index", "", node["idxname"]] = True
        elif kind == "CreateTrigStmt":
            self.things["trigger", table, node["trigname"]] = True
        elif kind == "CreatePolicyStmt":
            self.things["policy", node["table"]["relname"], node["policy_name"]] = True
        elif kind == "RenameStmt":
            self._rename(table, node)
        elif kind == "DropStmt":
            for names in node["objects"]:
                self._drop(node["removeType"], list(_strings(names)))

    def _alter(self, table: str, command: Node) -> None:
        name, definition = command.get("name", ""), command.get("def", {})
        match command["subtype"]:
            case "AT_AddColumn" | "AT_AddConstraint":
                self._define(table, definition)
            case "AT_DropColumn":
                for kind in ("column", "not null"):
                    self.things.pop((kind, table, name), None)
            case "AT_SetNotNull":
                self.things["not null", table, name] = True
            case "AT_DropNotNull":
                self.things.pop(("not null", table, name), None)
            case "AT_ValidateConstraint":
                self.things["constraint", table, name] = True
            case "AT_DropConstraint":
                self.things.pop(("constraint", table, name), None)

    def _define(self, table: str, element: Node) -> None:
        for kind, node in element.items():
            if kind == "ColumnDef":
                self.things["column", table, node["colname"]] = True
                for one in node.get("constraints", ()):
                    if one["Constraint"]["contype"] == "CONSTR_NOTNULL":
                        self.things["not null", table, node["colname"]] = True
            elif kind == "Constraint":
                is_proven = not node.get("skip_validation", False)
                self.things["constraint", table, node.get("conname", "")] = is_proven
                if node["contype"] == "CONSTR_PRIMARY":
                    self.primary_keys[table] = list(_strings(node.get("keys", [])))
                self.things.pop(("index", "", node.get("indexname", "")), None)

    def _rename(self, table: str, node: Node) -> None:
        old, new = node.get("subname", ""), node["newname"]
        kinds = {"OBJECT_TABCONSTRAINT": "constraint", "OBJECT_COLUMN": "column"}
        if kind := kinds.get(node["renameType"]):
            was = self.things.pop((kind, table, old), None)
            if was is not None:
                self.things[kind, table, new] = was

    def _drop(self, what: str, names: list[str]) -> None:
        if what == "OBJECT_TABLE":
            self.things = {
                key: is_there for key, is_there in self.things.items() if key[1] != names[-1]
            }
        elif what == "OBJECT_INDEX":
            self.things.pop(("index", "", names[-1]), None)
        elif what in ("OBJECT_TRIGGER", "OBJECT_POLICY"):
            kind = what.removeprefix("OBJECT_").lower()
            self.things.pop((kind, names[-2], names[-1]), None)


class Paper(io.StringIO):
    """Where Alembic writes the SQL: it knows what stands after what was written."""

    def __init__(self, out: TextIO, standing: Standing | None = None) -> None:
        super().__init__()
        self.out = out
        self.standing = standing or Standing()

    def write(self, script: str) -> int:
        self.standing.note(script)
        return self.out.write(script)

    def flush(self) -> None:
        self.out.flush()


class Verbatim(PostgresqlImpl):
    """Alembic prints four spaces for a tab; the body of a function may mean the tab."""

    __dialect__ = "postgresql"  # by this it takes the place of Alembic's own

    def _exec(self, construct: Any, *arguments: Any, **named: Any) -> Any:
        if self.as_sql and isinstance(construct, str | TextClause):
            statement = text(construct) if isinstance(construct, str) else construct
            compiled = statement.compile(
                dialect=self.dialect, compile_kwargs={"literal_binds": True}
            )
            self.static_output(f"{str(compiled).strip()}{self.command_terminator}")
            return None
        return super()._exec(construct, *arguments, **named)


def _strings(node: Node | Iterable[Node]) -> Iterator[str]:
    """The names in a node, in order."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "sval":
                yield value
            elif isinstance(value, dict | list):
                yield from _strings(value)
    else:
        for one in node:
            yield from _strings(one)
