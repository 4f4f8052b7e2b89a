"""Stopping and starting a data migration. The runner is a command; it looks after each batch."""

from sqlalchemy import select, update

from nxloy_web.db import db
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.tables.data_migrations import DataMigrationRun, DataStatus
from nxloy_web.texts import _

AT_WORK = (DataStatus.QUEUED, DataStatus.RUNNING)


class IsOver(BusinessRule):
    message = _("This data migration has come to its end.")


def pause(name: str) -> None:
    """Let it wait after its batch. Paused already is fine too."""
    _turn(name, AT_WORK, DataStatus.PAUSED)


def resume(name: str) -> None:
    """Let it go on: a runner that waits sees it within a second, the next one when it comes."""
    _turn(name, (DataStatus.PAUSED,), DataStatus.RUNNING)


def _turn(name: str, before: tuple[DataStatus, ...], after: DataStatus) -> None:
    # The runner holds the row during a batch, so this waits and then sees what the batch made
    # of it: a migration that has finished meanwhile stays finished.
    db.session.execute(
        update(DataMigrationRun)
        .where(DataMigrationRun.name == name, DataMigrationRun.status.in_(before))
        .values(status=after),
        execution_options={"synchronize_session": False},
    )
    now = db.session.scalar(select(DataMigrationRun.status).where(DataMigrationRun.name == name))
    if now is None:
        raise NotFound
    if now is DataStatus.DONE:
        raise IsOver(_("%(name)s has finished.", name=name))
    if now is DataStatus.FAILED:
        raise IsOver(
            _("%(name)s has stopped: `flask schema data retry %(name)s` goes on.", name=name)
        )
