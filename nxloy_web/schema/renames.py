"""Renaming a column while old and new code write to it: two columns that a trigger keeps equal.

expand    `start_rename`: the new column, the trigger, and a rule that is not yet proven
data      `copy_of(...)`: fills the rows that nobody has written since
contract  `finish_rename`: the rule is proven, the trigger and the old column go

Copying before both columns are written (the catalogue's order) loses every write in between.

New code may be deployed when the data migration is done. Before that, `new + 5` is NULL in a row
that is not filled; a write like that is refused, not lost. (Code that writes to the row first, and
then reads and sets the new column, may come earlier.)
"""

from nxloy_web.schema import backfill, existing, online
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.locking import locked


def start_rename(table: str, old: str, new: str, type_: str) -> None:
    """Add `new` beside `old` and keep both equal, whichever of them is written.

    The column is NOT NULL in the end. One short lock, no row is touched.
    """
    if existing.has_column(table, new):
        return
    locked(
        table,
        f"ALTER TABLE {table} ADD COLUMN {new} {type_}",
        *_keep_equal(table, old, new),
        _unproven(table, new),
    )


def abort_rename(table: str, new: str) -> None:
    """Undo `start_rename`. Nothing is lost: the old column was kept equal all the time."""
    locked(table, *_let_go(table, new), f"ALTER TABLE {table} DROP COLUMN IF EXISTS {new}")


def copy_of(name: str, table: str, old: str, new: str) -> DataMigration:
    """The data migration of a rename: rows that somebody wrote meanwhile are filled already."""
    return DataMigration(
        name=name,
        table=table,
        step=f"UPDATE {table} SET {new} = {old} WHERE {{span}} AND {new} IS NULL",
    )


def finish_rename(table: str, old: str, new: str, *, default: str | None = None) -> None:
    """Only the new column is left. The old code must be gone: see `min_app` of the revision."""
    online.set_not_null(table, new)
    # In one lock: with the default and the trigger, the points old code gives would be lost.
    locked(
        table,
        *_let_go(table, new),
        *([f"ALTER TABLE {table} ALTER COLUMN {new} SET DEFAULT {default}"] if default else []),
        f"ALTER TABLE {table} DROP COLUMN IF EXISTS {old}",
    )


def unfinish_rename(
    table: str, old: str, new: str, type_: str, *, default: str | None = None
) -> None:
    """The way back from `finish_rename`: both columns, equal, as after the data migration.

    Raises Refused, and has done nothing, when the old column has no room for a value.
    """
    existing.refuse_what_does_not_fit(table, new, type_)
    if not existing.has_column(table, old):
        locked(
            table,
            f"ALTER TABLE {table} ADD COLUMN {old} {type_}",
            *([f"ALTER TABLE {table} ALTER COLUMN {old} SET DEFAULT {default}"] if default else []),
            f"ALTER TABLE {table} ALTER COLUMN {new} DROP DEFAULT",
            *_keep_equal(table, old, new),
        )
    try:
        backfill.run_once(copy_of(f"{table}_{new}_back_to_{old}", table, new, old))
    except backfill.RowsLeft:
        # Or the trigger would go on refusing writes that the application needs.
        locked(
            table,
            *_let_go(table, new),
            *([f"ALTER TABLE {table} ALTER COLUMN {new} SET DEFAULT {default}"] if default else []),
            f"ALTER TABLE {table} DROP COLUMN {old}",
        )
        backfill.undone()
        raise
    online.set_not_null(table, old)
    if existing.constraint_is_valid(table, _proof(table, new)) is None:
        locked(table, _unproven(table, new))
    online.drop_not_null(table, new)


def _keeper(table: str, new: str) -> str:
    return f"nx_keep_{table}_{new}"


def _proof(table: str, column: str) -> str:
    return f"nx_tmp_{table}_{column}_not_null"


def _unproven(table: str, column: str) -> str:
    """The rule for new rows; the old ones are filled, and then it is proven, later."""
    return (
        f"ALTER TABLE {table} ADD CONSTRAINT {_proof(table, column)} "
        f"CHECK ({column} IS NOT NULL) NOT VALID"
    )


def _keep_equal(table: str, old: str, new: str) -> tuple[str, ...]:
    """Called only for rows that are not equal, so hardly ever while the rows are filled. The other
    two come first (triggers go by name), and see a NULL that a statement worked out."""
    keeper = _keeper(table, new)
    return (
        _function(keeper, old, new),
        f"ALTER FUNCTION {keeper}() OWNER TO nx_owner",
        f"CREATE TRIGGER {keeper} BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW "
        f"WHEN (NEW.{old} IS DISTINCT FROM NEW.{new}) EXECUTE FUNCTION {keeper}()",
        *(
            f"CREATE TRIGGER {guard} BEFORE UPDATE OF {column} ON {table} FOR EACH ROW "
            f"WHEN (NEW.{column} IS NULL AND NEW.{other} IS NOT NULL) "
            f"EXECUTE FUNCTION {keeper}('{column}')"
            for guard, column, other in zip(
                _guards(table, new), (old, new), (new, old), strict=True
            )
        ),
    )


def _let_go(table: str, new: str) -> tuple[str, ...]:
    keeper = _keeper(table, new)
    return (
        *(
            f"DROP TRIGGER IF EXISTS {trigger} ON {table}"
            for trigger in (keeper, *_guards(table, new))
        ),
        f"DROP FUNCTION IF EXISTS {keeper}()",
    )


def _guards(table: str, new: str) -> tuple[str, str]:
    return f"nx_filled_{table}_{new}_old", f"nx_filled_{table}_{new}_new"


def _function(name: str, old: str, new: str) -> str:
    """The trigger's body. With the NOT NULL rule in place before the rows are filled, an UPDATE
    of any other column must fill the new one too: the last branch."""
    return f"""
        CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $keep$ BEGIN
          IF TG_NARGS > 0 THEN
            RAISE object_not_in_prerequisite_state USING MESSAGE = TG_ARGV[0] ||
              ' of this row is not filled yet, so there is nothing to add to: '
              'run the data migration first';
          ELSIF TG_OP = 'INSERT' THEN
            IF NEW.{new} IS NULL THEN NEW.{new} := NEW.{old}; ELSE NEW.{old} := NEW.{new}; END IF;
          ELSIF NEW.{new} IS DISTINCT FROM OLD.{new} AND NEW.{new} IS NOT NULL THEN
            NEW.{old} := NEW.{new};
          ELSIF NEW.{old} IS DISTINCT FROM OLD.{old} AND NEW.{old} IS NOT NULL THEN
            NEW.{new} := NEW.{old};
          ELSE
            NEW.{new} := coalesce(NEW.{new}, NEW.{old});
            NEW.{old} := coalesce(NEW.{old}, NEW.{new});
          END IF;
          RETURN NEW;
        END $keep$"""
