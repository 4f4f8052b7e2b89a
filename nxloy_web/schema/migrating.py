"""`flask db migrate`: what differs between models and database, written as our online operations.

What needs a group of revisions is not written: the command that writes it is named instead.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op_text, renderers
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, MetaData
from sqlalchemy.dialects import postgresql

from nxloy_web.schema.history import EXPAND, LONGEST_ID
from nxloy_web.schema.refusals import Refused

APP = "SELECT, INSERT, UPDATE"


@dataclass
class Written:
    """The two bodies of a revision."""

    up: list[str] = field(default_factory=list)
    down: list[str] = field(default_factory=list)  # in the order of the way up
    loses: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """What is not written, with what writes it."""
    makes_tables: bool = False


class Lines(ops.MigrateOperation):
    """Lines of a revision as they stand."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines


@renderers.dispatch_for(Lines)
def _render(context: AutogenContext, lines: Lines) -> list[str]:
    return "\n".join(lines.lines).splitlines()


def write_ours(context: MigrationContext, _revision: Any, scripts: list[Any]) -> None:
    """Put our operations in the place of Alembic's, and words in the place of a hash."""
    (script,) = scripts
    autogen = AutogenContext(context)
    written = _tables(autogen, script.upgrade_ops.ops)
    if not written.up:
        written = _changes(autogen, script.upgrade_ops.ops, written)
    if not written.up:
        scripts.clear()
        if written.left:
            raise Refused("\n".join(["Nothing of this is one step:", *written.left]))
        click.echo("The models and the database do not differ.")
        return
    script.rev_id = _id(script.rev_id, script.message)
    script.upgrade_ops = ops.UpgradeOps([Lines(written.up)])
    script.downgrade_ops = ops.DowngradeOps([Lines(written.down[::-1])])
    context.opts["template_args"].update(
        ours=_imports("\n".join((*written.up, *written.down))),
        phase=EXPAND,
        down_loses=tuple(written.loses),
        mark="@one_transaction\n" if written.makes_tables else "",
    )
    if written.left:
        click.echo("\n".join(["Not written, because it is more than this step:", *written.left]))


def _id(given: str, message: str | None) -> str:
    """The message in one word, unless somebody gave another."""
    if not re.fullmatch(r"[0-9a-f]{12}", given):
        return given
    found = re.sub(r"[^a-z0-9]+", "_", (message or "").lower()).strip("_")
    if not found or len(found) > LONGEST_ID:
        raise Refused(
            f"Say what it is in {LONGEST_ID} letters at most: "
            'flask db migrate -m "add opening hours".'
        )
    return found


def _imports(body: str) -> str:
    """The lines of import that the bodies need."""
    wanted = {
        "sa.": "import sqlalchemy as sa",
        "op.": "from alembic import op",
        "postgresql.": "from sqlalchemy.dialects import postgresql",
    }
    outer = [line for word, line in wanted.items() if re.search(rf"\b{re.escape(word)}", body)]
    inner = {
        "online.": "from nxloy_web.schema import online",
        "ops.": "from nxloy_web.schema import operations as ops",
        "create_table(": "from nxloy_web.schema.locking import one_transaction",
    }
    ours = [line for word, line in inner.items() if word in body]
    return "\n".join([*outer, *([""] if outer else []), *ours])


def _tables(autogen: AutogenContext, found: list[Any]) -> Written:
    """New tables, in a revision of their own: they are made in one transaction."""
    written = Written(makes_tables=True)
    made = {op.table_name for op in found if isinstance(op, ops.CreateTableOp)}
    for op in found:
        if isinstance(op, ops.CreateTableOp):
            table = op.to_table()
            kind = "tenant_table" if "business_id" in table.columns else "open_table"
            written.up += [
                render_op_text(autogen, op),
                f'ops.{kind}("{op.table_name}", app="{APP}")',
            ]
            written.down.append(f'op.drop_table("{op.table_name}")')
            written.loses.append(op.table_name)
        elif isinstance(op, ops.ModifyTableOps) and op.table_name in made:
            written.up += [render_op_text(autogen, one) for one in op.ops]
        elif made:
            name = getattr(op, "table_name", "")
            written.left.append(f"  {name}: `flask db migrate` once more, when this one has run")
    return written


def _changes(autogen: AutogenContext, found: list[Any], written: Written) -> Written:
    """Changes to tables that are there."""
    written.makes_tables = False
    for op in found:
        if isinstance(op, ops.ModifyTableOps):
            new = {"business_id"} | {
                one.column.name for one in op.ops if isinstance(one, ops.AddColumnOp)
            }
            for one in op.ops:
                _change(autogen, op.table_name, one, new, written)
        else:
            name = getattr(op, "table_name", type(op).__name__)
            written.left.append(f"  {name}: {_BY_HAND} (docs/changing-the-schema.md)")
    return written


_BY_HAND = 'by hand, `flask db revision --rev-id a_word -m "what it is"`'


def _change(autogen: AutogenContext, table: str, op: Any, new: set[str], written: Written) -> None:
    up, down = "", ""
    match op:
        case ops.AddColumnOp() if op.column.nullable or op.column.server_default is not None:
            whole = render_op_text(autogen, op)
            up = f'online.add_columns("{table}", {whole.split(", ", 1)[1]}'
            down = f'online.drop_columns("{table}", "{op.column.name}")'
            written.loses.append(f"{table} WHERE {_is_set(op.column)}")
        case ops.AlterColumnOp(modify_nullable=True, modify_type=None):
            up = f'online.drop_not_null("{table}", "{op.column_name}")'
            down = f'online.set_not_null("{table}", "{op.column_name}")'
        case ops.CreateIndexOp() if not op.to_index().unique:
            up, down = _index(op.to_index(), table)
        case ops.DropIndexOp():
            down, up = _index(op.to_index(), table)
        case ops.CreateCheckConstraintOp() | ops.CreateForeignKeyOp():
            rule = op.to_constraint()
            if _columns(autogen, rule, table) <= new:
                up = _rule(rule, table)
                down = f'online.drop_constraint("{rule.name}", "{table}")'
    if up:
        written.up.append(up)
        written.down.append(down)
    else:
        written.left.append(f"  {_instead(table, op)}")


def _is_set(column: Column[Any]) -> str:
    default = getattr(column.server_default, "arg", None)
    if default is None:
        return f"{column.name} IS NOT NULL"
    said = f"'{default}'" if isinstance(default, str) else str(default)
    return f"{column.name} IS DISTINCT FROM {said}"


def _index(index: Index, table: str) -> tuple[str, str]:
    """Made, and taken away."""
    parts = [str(getattr(part, "name", part)) for part in index.expressions]
    where = index.dialect_options["postgresql"].get("where")
    more = ", unique=True" if index.unique else ""
    more += f", where={str(where)!r}" if where is not None else ""
    return (
        f'online.create_index("{index.name}", "{table}", {parts!r}{more})',
        f'online.drop_index("{index.name}", "{table}")',
    )


def _columns(autogen: AutogenContext, rule: Any, table: str) -> set[str]:
    """The columns that a rule is about."""
    if isinstance(rule, CheckConstraint):
        words = set(re.findall(r"[a-z_][a-z0-9_]*", re.sub(r"'[^']*'", "", str(rule.sqltext))))
        models = autogen.metadata
        assert isinstance(models, MetaData)
        return words & set(models.tables[table].columns.keys())
    return {column.name for column in rule.columns}


def _rule(rule: Any, table: str) -> str:
    if isinstance(rule, CheckConstraint):
        return f'online.add_check("{rule.name}", "{table}", {str(rule.sqltext)!r})'
    assert isinstance(rule, ForeignKeyConstraint)
    mine = [column.name for column in rule.columns]
    targets = [element.target_fullname.rsplit(".", 1) for element in rule.elements]
    action = f", ondelete={rule.ondelete!r}" if rule.ondelete else ""
    return (
        f'online.add_foreign_key("{rule.name}", "{table}", {mine!r}, "{targets[0][0]}", '
        f"{[column for _, column in targets]!r}{action})"
    )


def _instead(table: str, op: Any) -> str:
    """What writes a change that is more than one step."""
    command = "flask schema new-change"
    match op:
        case ops.AddColumnOp():
            kind = op.column.type.compile(dialect=postgresql.dialect()).lower()
            return f"`{command} add-column {table} {op.column.name} '{kind}' --fill SQL`"
        case ops.DropColumnOp():
            return f"`{command} drop {table} {op.column_name}` (or `rename`, when it is one)"
        case ops.AlterColumnOp(modify_nullable=False, modify_type=None):
            return f"`{command} not-null {table} {op.column_name} --fill SQL`"
        case ops.CreateIndexOp() | ops.CreateUniqueConstraintOp():
            listed = _unique_columns(op)
            return f"`{command} unique {table} {' '.join(listed)}`"
    name = getattr(op, "constraint_name", None) or getattr(op, "column_name", "")
    return f"{table}.{name}: {_BY_HAND} (docs/changing-the-schema.md)"


def _unique_columns(op: Any) -> Iterator[str]:
    for column in op.columns:
        name = getattr(column, "name", column)
        if name != "business_id":
            yield str(name)
