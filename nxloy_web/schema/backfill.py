"""What a revision says to have its data migration done, or undone."""

from alembic import op

from nxloy_web.schema import guards, progress, runner
from nxloy_web.schema.data import DataMigration


def run(migration: DataMigration) -> None:
    """Run it to its end. It goes on where an earlier run stopped."""
    if not _printed(migration, is_kept=True):
        with op.get_context().autocommit_block():
            runner.run(_address(), migration, watch=progress.watcher())


def run_once(migration: DataMigration) -> None:
    """Run it from the beginning and forget that it ran: for the way back."""
    if not _printed(migration, is_kept=False):
        with op.get_context().autocommit_block():
            runner.run(_address(), migration)
            runner.forget(_address(), migration.name)


def forget(migration: DataMigration) -> None:
    """The way back from `run`: its place and its report are forgotten, the rows stay, and those
    that were set aside go back."""
    if op.get_context().as_sql:
        op.get_context().impl.static_output(guards.forgotten(migration))
    else:
        with op.get_context().autocommit_block():
            runner.put_back(_address(), migration)
            runner.forget(_address(), migration.name)


def _address() -> str:
    return runner.address(op.get_bind().engine.url)


def _printed(migration: DataMigration, *, is_kept: bool) -> bool:
    """Where SQL is printed, the step is a question whether there are rows to move at all."""
    context = op.get_context()
    if not context.as_sql:
        return False
    step = migration.step if isinstance(migration.step, str) else f"rows of {migration.table}"
    context.impl.static_output(
        f"-- in batches, by `flask schema data run`: {' '.join(step.split())}"
    )
    context.impl.static_output(guards.no_rows_to_move(migration, is_kept=is_kept))
    return True
