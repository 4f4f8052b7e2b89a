"""What a revision says to have its data migration done, or undone."""

from typing import Any

from alembic import op

from nxloy_web.schema import begun, guards, progress, reports, runner, way_back
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.refusals import Refused


def run(migration: DataMigration) -> None:
    """Run it to its end. It goes on where an earlier run stopped."""
    if not _printed(migration, is_kept=True):
        with op.get_context().autocommit_block():
            runner.run(_address(), migration, watch=progress.watcher())


class RowsLeft(Refused):
    """The way back has met rows that it cannot bring into the older shape."""


def run_once(migration: DataMigration) -> None:
    """Run it from the beginning and forget that it ran: for the way back.

    Raises RowsLeft when rows could not be done; the next try begins with the first row again.
    """
    if not _printed(migration, is_kept=False):
        with op.get_context().autocommit_block(), begun.noting(op.get_bind()):
            begun.noted()
            runner.run(_address(), migration, goes_on=_finishes())
            left = reports.reported(_driver(), migration.name)
            runner.forget(_driver(), migration.name)
            if left:
                few = "; ".join(f"{one.key}: {one.reason}" for one in left[:3])
                raise RowsLeft(
                    f"{len(left):,} row{'s' if len(left) > 1 else ''} of {migration.table} cannot "
                    f"go back ({few}). Put them right. {_finishes() or ''}".rstrip()
                )


def forget(migration: DataMigration) -> None:
    """The way back from `run`: its place and its report are forgotten, the rows stay, and those
    that were set aside go back. All in the transaction that notes the step's end."""
    if op.get_context().as_sql:
        op.get_context().impl.static_output(guards.forgotten(migration))
    else:
        runner.put_back(_driver(), migration)
        runner.forget(_driver(), migration.name)


def undone() -> None:
    """The step has taken back all that it did, so nothing is begun."""
    with op.get_context().autocommit_block():
        begun.undone(op.get_bind())


def _address() -> str:
    return runner.address(op.get_bind().engine.url)


def _driver() -> Any:
    return op.get_bind().connection.driver_connection


def _finishes() -> str | None:
    step = begun.AT_WORK.get()
    return way_back.advice(step.revision) if step else None


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
