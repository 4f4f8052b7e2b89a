"""A folder of revisions, read: the source of each, and the SQL that it prints when it runs offline.

A printed statement knows the line of the revision it came from and the operations of
`nxloy_web.schema` it came through, because it is caught while the revision runs.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import FrameType, ModuleType
from typing import Any

import pgparse
from alembic.config import Config
from alembic.operations import Operations
from alembic.runtime.environment import EnvironmentContext
from alembic.script import Script, ScriptDirectory

from nxloy_web.schema.lint.sentences import SENTENCES
from nxloy_web.schema.lint.sql import Change, split, tidy
from nxloy_web.schema.standing import Paper, Standing

OPERATIONS = "nxloy_web.schema."
ONLINE = {"online", "renames", "backfill"}


@dataclass(frozen=True)
class Finding:
    rule: str
    file: str
    line: int
    sentence: str
    statement_line: int = 0  # where the whole statement begins; an assurance may stand there too

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule} {self.sentence}"


@dataclass(frozen=True)
class Statement:
    """One statement of printed SQL, tidied (see sql.py)."""

    text: str
    line: int
    through: tuple[
        str, ...
    ]  # our operations, the one the revision called first: "online.add_check"
    transaction: int  # 0: outside of any
    changes: tuple[Change, ...]

    @property
    def is_online(self) -> bool:
        return any(name.split(".")[0] in ONLINE for name in self.through)

    @property
    def is_written_here(self) -> bool:
        """Whether the revision itself holds the SQL, and no operation made it."""
        return not self.is_online or self.through[0] == "online.run_locked"

    @property
    def is_frame(self) -> bool:
        """What stands around the changes: transactions and timeouts."""
        return self.text.split()[0] in ("begin", "commit", "set", "reset", "savepoint")


@dataclass(frozen=True)
class Printed:
    sql: str
    statement: Statement  # the last one in it


@dataclass
class Revision:
    path: Path
    module: ModuleType
    parents: tuple[str, ...]
    up: list[Statement] = field(default_factory=list)
    down: list[Statement] = field(default_factory=list)
    printed: list[Printed] = field(default_factory=list)  # the way up, as it is
    error: str = ""  # why it could not be printed
    harmless: set[tuple[int, str]] = field(default_factory=set)
    """Lines, and what squawk says of them without reason."""

    @cached_property
    def lines(self) -> list[str]:
        return self.path.read_text().splitlines()

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse("\n".join(self.lines))

    def function(self, name: str) -> ast.FunctionDef | None:
        found = (n for n in self.tree.body if isinstance(n, ast.FunctionDef) and n.name == name)
        return next(found, None)

    def says(self, attribute: str, otherwise: Any = "") -> Any:
        return getattr(self.module, attribute, otherwise)

    @property
    def group(self) -> str:
        """What belongs together; a revision without a group is one by itself."""
        return str(self.says("group") or self.module.revision)

    @property
    def is_one_transaction(self) -> bool:
        upgrade = self.function("upgrade")
        marks = [ast.unparse(mark) for mark in upgrade.decorator_list] if upgrade else []
        return any(mark.endswith("one_transaction") for mark in marks)

    def each(self, *kinds: str) -> Iterator[tuple[Statement, Change]]:
        """The changes of the way up, of these kinds."""
        for statement in self.up:
            for change in statement.changes:
                if change.kind in kinds:
                    yield statement, change

    def finding(
        self, key: str, place: Statement | int, change: Change | None = None, **facts: str
    ) -> Finding:
        """Break of a rule, at the line of the statement that names the change's subject."""
        if change:
            facts = {**vars(change), "columns": ", ".join(change.columns), **facts}
        subject = (change.name or ", ".join(change.columns) or change.table) if change else ""
        return self.at(key.split()[0], place, SENTENCES[key].format(**facts), subject)

    def at(self, rule: str, place: Statement | int, sentence: str, subject: str = "") -> Finding:
        line = place if isinstance(place, int) else place.line
        begin, end = self._statement_around(line)
        for number in range(begin, end + 1):
            if subject and re.search(rf"(?i)\b{re.escape(subject)}\b", self.lines[number - 1]):
                line = number
                break
        return Finding(rule, self.path.name, line, sentence, begin)

    def _statement_around(self, line: int) -> tuple[int, int]:
        simple = (ast.Expr, ast.Assign, ast.Import, ast.ImportFrom, ast.Return)
        for node in ast.walk(self.tree):
            if isinstance(node, simple) and node.lineno <= line <= (node.end_lineno or 0):
                return node.lineno, node.end_lineno or node.lineno
        return line, line


def read(folder: Path) -> list[Revision]:
    """All revisions of the folder, parents first, each run up and down without a database."""
    scripts = ScriptDirectory(str(folder), version_locations=[str(folder)])
    catcher = _Catcher(io.StringIO())
    with EnvironmentContext(Config(), scripts, as_sql=True) as environment:
        environment.configure(
            dialect_name="postgresql",
            dialect_opts={"paramstyle": "named"},
            literal_binds=True,
            transaction_per_migration=True,
            output_buffer=catcher,
        )
        with Operations.context(environment.get_context()):
            ordered = reversed(list(scripts.walk_revisions()))
            after: dict[str, Standing] = {}
            return [_read(script, catcher, after) for script in ordered]


def _read(script: Script, catcher: "_Catcher", after: dict[str, Standing]) -> Revision:
    """`after`: what stands after each revision."""
    revision = Revision(Path(script.path), script.module, tuple(script._all_down_revisions))
    catcher.standing = after[revision.parents[0]].copy() if revision.parents else Standing()
    for way in ("upgrade", "downgrade"):
        body = revision.function(way)
        if body is None:
            after.setdefault(script.revision, catcher.standing.copy())
            continue
        catcher.start(revision.module, body.lineno)
        try:
            revision.says(way)()
        except Exception as error:
            revision.error = revision.error or f"{way}() ends with {type(error).__name__}: {error}"
        catcher.write("COMMIT;")
        if way == "upgrade":
            revision.up, revision.printed = catcher.statements, catcher.printed
            after[script.revision] = catcher.standing.copy()
        else:
            revision.down = catcher.statements
    return revision


class _Catcher(Paper):
    """Where Alembic writes the SQL; looks up the stack for who had it written."""

    def start(self, module: ModuleType, line: int) -> None:
        self.module, self.first_line = module, line
        self.printed: list[Printed] = []
        self.statements: list[Statement] = []
        self.transaction, self.transactions, self.is_ours = 0, 0, True
        self.write("BEGIN;")

    def write(self, script: str) -> int:
        self.standing.note(script)
        line, through = self._origin()
        try:
            statements = split(script)
        except pgparse.PGQueryError as error:
            broken = Change("broken", detail=error.message)
            statements = [(tidy(script), (broken,))]
        for text, done in statements:
            if text.startswith("begin"):
                self.transactions += 1
                self.transaction = self.transactions
            if text.startswith("set local search_path to"):
                # The job queue keeps its own tables in its own schema, and none of our rules.
                self.is_ours = "nx" in text.split()
            elif self.is_ours or text == "commit":
                self.statements.append(Statement(text, line, through, self.transaction, done))
            if text == "commit":
                self.transaction = 0
        if statements and (self.is_ours or statements[-1][0] == "commit"):
            self.printed.append(Printed(script.strip(), self.statements[-1]))
        return len(script)

    def _origin(self) -> tuple[int, tuple[str, ...]]:
        through: list[str] = []
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and frame.f_globals is not vars(self.module):
            name = str(frame.f_globals.get("__name__"))
            if name.startswith(OPERATIONS) and name != __name__:
                through.insert(0, f"{name.rsplit('.')[-1]}.{frame.f_code.co_name}")
            frame = frame.f_back
        return (frame.f_lineno, tuple(through)) if frame else (self.first_line, ())
