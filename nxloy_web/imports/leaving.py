"""How the files of imports go away: when somebody discards one, and by themselves in the end.

What an import brought in stays, and can still be undone: its lines keep what they made, and lose
what they said.
"""

from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from nxloy_web import clock, jobs
from nxloy_web.db import db
from nxloy_web.db.paging import Order
from nxloy_web.db.rows import find
from nxloy_web.tables.imports import ImportLine, ImportRun, ImportState, UploadedFile

KEPT = timedelta(days=30)
"""From its upload on; pages and docs/deploy.md say it."""
BATCH = 2_000
BY_LINE = Order(ImportLine.line)
ENDS_IN = {
    ImportState.UPLOADED: ImportState.DISCARDED,
    ImportState.CHECKED: ImportState.DISCARDED,
    # Only a job that nobody has set going again for a month is still at work then.
    ImportState.CHECKING: ImportState.DISCARDED,
    ImportState.RUNNING: ImportState.STOPPED,
}
"""What an import comes to that can no longer go on."""


def take_file_away(run: ImportRun, at: datetime) -> None:
    """At once; its lines are many and follow as a job."""
    db.session.execute(
        update(UploadedFile)
        .where(UploadedFile.id == run.file_id)
        .values(content=b"", removed_at=at),
        execution_options={"synchronize_session": False},
    )
    run.state = ENDS_IN.get(run.state, run.state)
    db.session.flush()
    jobs.enqueue(forget_lines, import_id=run.id)


@jobs.task("imports.forget_lines")
def forget_lines(import_id: str) -> None:
    """Forget what the lines of an import said, a batch a transaction."""
    after = ""
    while True:
        batch = BY_LINE.page(
            select(ImportLine.line).where(ImportLine.run_id == import_id), after=after, size=BATCH
        )
        numbers = [row.line for row in batch.rows]
        if numbers:
            _forget(import_id, numbers[0], numbers[-1])
            db.session.commit()
        jobs.pause_if_stopping()
        if not batch.after:
            return
        after = batch.after


def _forget(import_id: str, first: int, last: int) -> None:
    span = (ImportLine.run_id == import_id, ImportLine.line.between(first, last))
    options = {"synchronize_session": False}
    made_nothing = ImportLine.created_id.is_(None)
    db.session.execute(delete(ImportLine).where(*span, made_nothing), execution_options=options)
    db.session.execute(
        update(ImportLine).where(*span).values(raw=None, reason=None), execution_options=options
    )


@jobs.every("23 2 * * *")
@jobs.task("imports.take_old_files_away")
def take_old_files_away() -> None:
    at = clock.now()
    old = (
        select(ImportRun.id)
        .join(UploadedFile, UploadedFile.id == ImportRun.file_id)
        .where(UploadedFile.removed_at.is_(None), UploadedFile.created_at <= at - KEPT)
        .order_by(ImportRun.id)
    )
    for import_id in db.session.scalars(old).all():
        take_file_away(find(ImportRun, import_id, lock=True), at)
        db.session.commit()
        jobs.pause_if_stopping()
