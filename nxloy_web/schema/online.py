"""Changes to tables that people are working with. Each can be run again after it was cut short.

Nothing here holds a lock that readers or writers wait for, longer than it takes to note the
change in the catalog: what must look at rows (a new index, a new rule) does so beside them.
"""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateColumn

from nxloy_web.schema import existing, history, operations
from nxloy_web.schema.locking import locked, quietly
from nxloy_web.schema.refusals import Refused


def add_columns(table: str, *columns: sa.Column[object]) -> None:
    """Add columns that are nullable or have a constant default: neither rewrites the table.

    Raises Refused for what would: a default that is worked out for each row, a stored expression.
    """
    missing = [column for column in columns if not existing.has_column(table, column.name)]
    for column in missing:
        if not column.nullable and column.server_default is None:
            raise ValueError(f"{table}.{column.name}: NOT NULL needs a default, or set_not_null")
    # Copies: a column belongs to one table only, and the revision may run again in this process.
    holder = sa.Table(table, sa.MetaData(), *(column._copy() for column in missing))
    dialect = postgresql.dialect()
    additions = [f"ADD COLUMN {CreateColumn(c).compile(dialect=dialect)}" for c in holder.columns]
    for column, addition in zip(holder.columns, additions, strict=True):
        is_plain = column.server_default is None and column.computed is None
        if not is_plain and existing.rewrites(addition):
            raise Refused(
                f"{table}.{column.name} would be worked out for every row, and nobody could read "
                "or write the table meanwhile. Add the column without a default, `set_default` "
                "afterwards, and fill the rows by a data migration."
            )
    if additions:
        locked(table, f"ALTER TABLE {table} {', '.join(additions)}")


def drop_columns(table: str, *names: str) -> None:
    """Forget columns; the rows themselves are not touched. A contract step, or its way back."""
    drops = ", ".join(f"DROP COLUMN IF EXISTS {name}" for name in names)
    locked(table, f"ALTER TABLE {table} {drops}")


def set_default(table: str, column: str, default: str | None) -> None:
    """What a row gets that does not say; `default` is SQL, None takes the default away."""
    what = f"SET DEFAULT {default}" if default is not None else "DROP DEFAULT"
    locked(table, f"ALTER TABLE {table} ALTER COLUMN {column} {what}")


def set_not_null(table: str, column: str) -> None:
    """Proven by a check that is validated beside the writers; SET NOT NULL then reads no row."""
    proof = f"nx_tmp_{table}_{column}_not_null"
    if not existing.is_not_null(table, column):
        add_check(proof, table, f"{column} IS NOT NULL")
    locked(
        table,
        f"ALTER TABLE {table} ALTER COLUMN {column} SET NOT NULL",
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {proof}",
    )


def drop_not_null(table: str, column: str) -> None:
    locked(table, f"ALTER TABLE {table} ALTER COLUMN {column} DROP NOT NULL")


def create_index(
    name: str, table: str, columns: Sequence[str], *, unique: bool = False, where: str | None = None
) -> None:
    """Build an index beside the people at work, and look that it is whole.

    A build that was cut short leaves an invalid index which IF NOT EXISTS would take for the real
    one: it is dropped first. Raises Refused when a unique index finds duplicates.
    """
    valid = existing.index_is_valid(name)
    if valid:
        return
    drop = f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    if valid is False:
        quietly(table, drop)
    condition = f" WHERE {where}" if where else ""
    try:
        quietly(
            table,
            f"CREATE {'UNIQUE ' if unique else ''}INDEX CONCURRENTLY {name}"
            f" ON {table} ({', '.join(columns)}){condition}",
            undo=drop,
        )
    except IntegrityError:
        raise Refused(
            f"{table} cannot be unique by {', '.join(columns)}: "
            f"{existing.alike(table, columns, where)}. "
            "Put these rows right and run the same command again."
        ) from None
    if existing.index_is_valid(name) is False:
        raise Refused(f"The index {name} was not finished. Run the same command again.")


def drop_index(name: str, table: str) -> None:
    quietly(table, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def add_check(name: str, table: str, condition: str) -> None:
    """A rule that holds for new rows at once, and is then proven for the old ones.

    Raises Refused, and takes the rule away again, when an old row breaks it: the code that is
    running may break it too.
    """
    _add_constraint(name, table, f"CHECK ({condition})")


def replace_check(name: str, table: str, condition: str) -> None:
    """Put another rule in the place of one, with no moment without a rule."""
    new = f"nx_tmp_{name}"[:63]
    add_check(new, table, condition)
    locked(
        table,
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}",
        f"ALTER TABLE {table} RENAME CONSTRAINT {new} TO {name}",
    )


def add_foreign_key(
    name: str,
    table: str,
    columns: Sequence[str],
    target: str,
    target_columns: Sequence[str],
    *,
    ondelete: str | None = None,
) -> None:
    """A reference that holds for new rows at once, and is then proven for the old ones."""
    action = f" ON DELETE {ondelete}" if ondelete else ""
    rule = (
        f"FOREIGN KEY ({', '.join(columns)}) "
        f"REFERENCES {target} ({', '.join(target_columns)}){action}"
    )
    _add_constraint(name, table, rule, also=target)


def add_unique(name: str, table: str, columns: Sequence[str]) -> None:
    """A unique constraint, on an index that was built beside the people at work."""
    if existing.constraint_is_valid(table, name) is None:
        create_index(name, table, columns, unique=True)
        locked(table, f"ALTER TABLE {table} ADD CONSTRAINT {name} UNIQUE USING INDEX {name}")


def drop_constraint(name: str, table: str) -> None:
    locked(table, f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}")


def swap_primary_key(table: str, columns: Sequence[str]) -> None:
    """Give a table another primary key; the columns must be NOT NULL already."""
    name, new = f"pk_{table}", f"nx_tmp_pk_{table}"
    if existing.primary_key(table) == list(columns):
        return
    create_index(new, table, columns, unique=True)
    locked(
        table,
        f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {name}, "
        f"ADD CONSTRAINT {name} PRIMARY KEY USING INDEX {new}",
    )


def add_trigger(name: str, table: str, what: str) -> None:
    """A trigger, from "AFTER INSERT ON notes ..." on; a deferrable one is a constraint trigger.

    It fires for writes from now on, and reads no row. Not CREATE OR REPLACE, which constraint
    triggers do not have, nor DROP before it, which would hold up readers too.
    """
    kind = "CONSTRAINT TRIGGER" if " DEFERRABLE " in what else "TRIGGER"
    if not existing.has_trigger(table, name):
        locked(table, f"CREATE {kind} {name} {what}")


def drop_trigger(name: str, table: str) -> None:
    locked(table, f"DROP TRIGGER IF EXISTS {name} ON {table}")


def close_table(table: str, *, app: str) -> None:
    """Put the tenant policy on a table that was open: the last thing, when every row has its
    business. See `operations.tenant_table`."""
    if not existing.has_policy(table, "tenant"):
        locked(table, *operations.tenancy(table))
    locked(table, f"GRANT {app} ON {table} TO {operations.APP_ROLES}")


def open_again(table: str) -> None:
    """The way back from `close_table`."""
    locked(
        table,
        f"DROP POLICY IF EXISTS tenant ON {table}",
        f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY, DISABLE ROW LEVEL SECURITY",
    )


def run_locked(table: str, *statements: str, reason: str) -> None:
    """Statements that no operation here covers, with the reason why they are safe.

    They must be such that running them twice does no harm.
    """
    if not reason:
        raise ValueError("say why these statements are safe")
    locked(table, *statements)


def _add_constraint(name: str, table: str, rule: str, *, also: str | None = None) -> None:
    valid = existing.constraint_is_valid(table, name)
    if valid is None:
        tables = f"{table}, {also}" if also else table
        locked(tables, f"ALTER TABLE {table} ADD CONSTRAINT {name} {rule} NOT VALID")
    if not valid:
        if existing.hides_rows(table):
            raise Refused(f"Policies hide rows of {table} from this role: use the migrator's URL.")
        try:
            quietly(table, f"ALTER TABLE {table} VALIDATE CONSTRAINT {name}")
        except IntegrityError as error:
            if history.may_lose():
                return  # on a way back: it holds for new rows, and the old ones stay
            if valid is None:
                drop_constraint(name, table)
            raise Refused(
                f"Rows of {table} break the rule {name} ({str(error.orig).splitlines()[0]}). "
                "Put them right and run the same command again."
            ) from None
