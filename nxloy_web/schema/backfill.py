"""What a revision says to have its data migration done, or undone."""

from alembic import op

from nxloy_web.schema import progress, runner
from nxloy_web.schema.data import DataMigration


def run(migration: DataMigration) -> None:
    """Run it to its end. It goes on where an earlier run stopped."""
    if not _printed(migration):
        with op.get_context().autocommit_block():
            runner.run(_address(), migration, watch=progress.watcher())


def run_once(migration: DataMigration) -> None:
    """Run it from the beginning and forget that it ran: for the way back."""
    if not _printed(migration):
        with op.get_context().autocommit_block():
            runner.run(_address(), migration)
            runner.forget(_address(), migration.name)


def forget(migration: DataMigration) -> None:
    """The way back from `run`: its place and its report are forgotten, the rows stay, and those
    that were set aside go back."""
    if not op.get_context().as_sql:
        with op.get_context().autocommit_block():
            runner.put_back(_address(), migration)
            runner.forget(_address(), migration.name)


def _address() -> str:
    return runner.address(op.get_bind().engine.url)


def _printed(migration: DataMigration) -> bool:
    """Where SQL is printed, the step is only a remark: it is not run as one statement."""
    if not op.get_context().as_sql:
        return False
    step = migration.step if isinstance(migration.step, str) else f"rows of {migration.table}"
    op.execute(f"-- in batches, by `flask schema data run`: {' '.join(step.split())}")
    return True
