"""The tables as they stand after a revision, followed from the first revision on."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from nxloy_web.schema.lint.reading import Finding, Revision
from nxloy_web.schema.lint.sql import Change
from nxloy_web.schema.lint.trees import Node

ALIVE = "deleted_at is null"
MINE = "business_id = current_setting ( 'app.business_id' , true )"
GUARDS = ("enable row level security", "force row level security", "a tenant policy")

Say = Callable[..., Finding]


@dataclass
class Table:
    columns: dict[str, str] = field(default_factory=dict)  # name: type
    guards: frozenset[str] = frozenset()
    full_uniques: frozenset[str] = frozenset()  # older than deleted_at, so they count the deleted
    tenant_since: Say | None = None  # makes a finding where business_id was added
    soft_since: Say | None = None  # the same for deleted_at
    groups: dict[str, str] = field(default_factory=dict)  # column: the group that added it
    checks: dict[str, Node] = field(default_factory=dict)  # name: its expression
    triggers: dict[str, str] = field(default_factory=dict)  # name: its function
    indexes: dict[str, tuple[str, ...]] = field(default_factory=dict)  # name: what it begins with
    references: dict[tuple[str, ...], tuple[str, Say]] = field(default_factory=dict)

    @property
    def is_tenant(self) -> bool:
        return "business_id" in self.columns

    @property
    def missing_guards(self) -> list[str]:
        return [guard for guard in GUARDS if guard not in self.guards]

    def has_index_for(self, columns: tuple[str, ...]) -> bool:
        return any(set(index[: len(columns)]) == set(columns) for index in self.indexes.values())

    def apply(self, change: Change, say: Say, group: str) -> None:
        self._follow(change, say, group)
        match change.kind:
            case "add column" | "change type":
                self.columns = {**self.columns, change.name: change.detail}
                if change.name == "business_id":
                    self.tenant_since = say
                if change.name == "deleted_at":
                    self.soft_since = say
            case "drop column" | "rename column":
                kind = self.columns.get(change.name, "")
                self.columns = {n: kind for n, kind in self.columns.items() if n != change.name}
                if change.kind == "rename column":
                    self.columns[change.target] = kind
            case "primary key":  # made of a unique index, perhaps
                self.full_uniques -= {*change.detail.split()[-1:]}
            case "unique" | "unique index" if change.columns and not self.soft_since:
                name = change.name or f"{change.table}_{change.columns[0]}_key"
                self.full_uniques |= {name}
            case "drop constraint":
                self.full_uniques -= {change.name}
            case "policy" if change.detail.count(MINE) == 2:
                self.guards |= {"a tenant policy"}
            case "drop policy":
                self.guards -= {"a tenant policy"}
            case "alter" if change.detail in GUARDS:
                self.guards |= {change.detail}
            case "alter" if change.detail == "disable row level security":
                self.guards -= {"enable row level security"}
            case "alter" if change.detail == "no force row level security":
                self.guards -= {"force row level security"}

    def _follow(self, change: Change, say: Say, group: str) -> None:
        """Its rules, triggers and indexes. Copied, not changed: other branches have the old."""
        name, kind = change.name, change.kind
        if kind == "add column":
            self.groups = self.groups | {name: group}
        elif kind == "check":
            self.checks = self.checks | {name: change.node.get("raw_expr", {})}
        elif kind == "trigger":
            self.triggers = self.triggers | {name: change.target}
        elif kind == "drop trigger":
            self.triggers = {key: f for key, f in self.triggers.items() if key != name}
        elif kind in ("index", "unique index", "primary key", "unique") and change.columns:
            named = name or f"{kind} of {change.table}"
            self.indexes = self.indexes | {named: change.columns}
        elif kind == "foreign key":
            self.references = self.references | {change.columns: (change.target, say)}
        elif kind == "rename constraint":
            new = {name: change.target}
            self.checks = {new.get(key, key): rule for key, rule in self.checks.items()}
            self.indexes = {new.get(key, key): names for key, names in self.indexes.items()}
        elif kind == "drop constraint":
            self.checks = {key: node for key, node in self.checks.items() if key != name}
            self.indexes = {key: columns for key, columns in self.indexes.items() if key != name}
        elif kind == "drop column":
            self.references = {c: to for c, to in self.references.items() if name not in c}


@dataclass
class Schema:
    tables: dict[str, Table] = field(default_factory=dict)
    enums: frozenset[str] = frozenset()

    def after(self, revision: Revision) -> "Schema":
        schema = Schema({name: copy.copy(t) for name, t in self.tables.items()}, self.enums)
        for statement in revision.up:
            for change in statement.changes:
                say = partial(revision.finding, place=statement, change=change)
                schema._apply(change, say, revision.group)
        return schema

    def _apply(self, change: Change, say: Say, group: str) -> None:
        match change.kind:
            case "create table":
                self.tables[change.table] = Table()
            case "drop table":
                self.tables.pop(change.table, None)
            case "rename table" if change.table in self.tables:
                self.tables[change.target] = self.tables.pop(change.table)
            case "enum":
                self.enums |= {change.name}
            case "drop index":
                for table in self.tables.values():
                    table.full_uniques -= {change.name}
                    table.indexes = {n: c for n, c in table.indexes.items() if n != change.name}
            case _ if change.table in self.tables:
                self.tables[change.table].apply(change, say, group)
