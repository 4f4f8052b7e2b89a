"""The tables as they stand after a revision, followed from the first revision on."""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from nxloy_web.schema.lint.reading import Finding, Revision
from nxloy_web.schema.lint.sql import Change

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

    @property
    def is_tenant(self) -> bool:
        return "business_id" in self.columns

    @property
    def missing_guards(self) -> list[str]:
        return [guard for guard in GUARDS if guard not in self.guards]

    def apply(self, change: Change, say: Say) -> None:
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


@dataclass
class Schema:
    tables: dict[str, Table] = field(default_factory=dict)
    enums: frozenset[str] = frozenset()

    def after(self, revision: Revision) -> "Schema":
        schema = Schema({name: copy.copy(t) for name, t in self.tables.items()}, self.enums)
        for statement in revision.up:
            for change in statement.changes:
                schema._apply(change, partial(revision.finding, place=statement, change=change))
        return schema

    def _apply(self, change: Change, say: Say) -> None:
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
            case _ if change.table in self.tables:
                self.tables[change.table].apply(change, say)
