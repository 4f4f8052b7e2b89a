"""Reads for the import screens."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import func, select

from nxloy_web import sheets
from nxloy_web.db import db
from nxloy_web.db.paging import Order, Page
from nxloy_web.db.rows import find
from nxloy_web.imports import lines as files
from nxloy_web.imports import reading, values
from nxloy_web.imports.leaving import KEPT
from nxloy_web.imports.verdicts import LABELS
from nxloy_web.tables.auth import User
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import (
    ImportKind,
    ImportLine,
    ImportLineVerdict,
    ImportRun,
    ImportState,
    UploadedFile,
)
from nxloy_web.tables.jobs import JobRun

LINES = 50
OURS = ("Line", "Why it failed")
"""What stands behind the columns of a file in that of its failed lines."""
SAMPLE = 5
TELLING = 1_000
"""Amounts with a sign in them that are looked at; a file of whole numbers has none."""
NEWEST_FIRST = Order(ImportRun.created_at, ImportRun.id, descending=True)
BY_LINE = Order(ImportLine.line)


@dataclass(frozen=True)
class Listed:
    run: ImportRun
    filename: str
    who: str | None


def listing(seen: str) -> Page[Listed]:
    """A page of imports, the newest first: those before the last one that was seen."""
    statement = (
        select(ImportRun, UploadedFile.filename, User.name)
        .join(UploadedFile, UploadedFile.id == ImportRun.file_id)
        .outerjoin(User, User.id == ImportRun.by_user_id)
    )
    return NEWEST_FIRST.page(statement, after=seen).each(lambda row: Listed(*row))


@dataclass(frozen=True)
class Shown:
    """Everything the page of one import needs."""

    run: ImportRun
    filename: str
    job: JobRun | None
    """The last job of the import: where it is, and whether it has stopped."""
    earlier: datetime | None
    """When the same file was imported before."""
    kept: int
    """Customers an undo has left, because something has happened with them since."""
    uploaded_at: datetime
    removed_at: datetime | None
    """When the file was taken away."""

    @property
    def leaves_at(self) -> datetime:
        """When the file goes away by itself."""
        return self.uploaded_at + KEPT

    @property
    def is_stuck(self) -> bool:
        return self.run.is_at_work and self.job is not None and self.job.state.value == "FAILED"

    @property
    def is_moving(self) -> bool:
        return self.run.is_at_work and not self.is_stuck

    @property
    def progress(self) -> tuple[int, int]:
        if self.run.state is ImportState.UNDOING:
            return (self.job.done, self.job.total or 1) if self.job else (0, 1)
        return self.run.place, max(self.run.lines, 1)


def shown(import_id: str) -> Shown:
    run = find(ImportRun, import_id)
    file = db.session.execute(
        select(
            UploadedFile.filename,
            UploadedFile.sha256,
            UploadedFile.created_at,
            UploadedFile.removed_at,
        ).where(UploadedFile.id == run.file_id)
    ).one()
    job = db.session.scalar(
        select(JobRun)
        .where(JobRun.subject_id == run.id)
        .order_by(JobRun.created_at.desc(), JobRun.id.desc())
        .limit(1)
    )
    return Shown(
        run,
        file.filename,
        job,
        _earlier(run, file.sha256),
        _kept(run),
        file.created_at,
        file.removed_at,
    )


def _earlier(run: ImportRun, sha256: str) -> datetime | None:
    return db.session.scalar(
        select(func.max(ImportRun.finished_at))
        .join(UploadedFile, UploadedFile.id == ImportRun.file_id)
        .where(
            UploadedFile.sha256 == sha256,
            ImportRun.id != run.id,
            ImportRun.kind == run.kind,
            ImportRun.state == ImportState.DONE,
        )
    )


def _kept(run: ImportRun) -> int:
    if run.kind is not ImportKind.CUSTOMERS or run.state is not ImportState.UNDONE:
        return 0
    return (
        db.session.scalar(
            select(func.count(Customer.id))
            .join(ImportLine, ImportLine.created_id == Customer.id)
            .where(ImportLine.run_id == run.id)
        )
        or 0
    )


def lines(
    import_id: str, verdict: ImportLineVerdict | None, only_left_out: bool, seen: str
) -> Page[ImportLine]:
    """A page of verdicts, or of those who come in without a cell: those after the last line that
    was seen."""
    statement = select(ImportLine).where(ImportLine.run_id == import_id)
    if only_left_out:
        verdict = ImportLineVerdict.NEW
        statement = statement.where(ImportLine.reason.is_not(None))
    if verdict is not None:
        statement = statement.where(ImportLine.verdict == verdict)
    return BY_LINE.page(statement, after=seen, size=LINES).each(lambda row: row[0])


def columns_used(run: ImportRun) -> list[tuple[str, str | None]]:
    """Every column of the file, and what of ours it is; None for one that is not used."""
    ours = {column: LABELS[name] for name, column in run.options.columns.items()}
    return [(column, ours.get(column)) for column in run.options.header]


def failed_lines(run: ImportRun) -> tuple[list[str], Iterator[list[Any]]]:
    """The failed lines as they stood in the file, with the reason behind, a piece at a time.

    When they fail again, the new reason stands in the place of the old one.
    """
    columns = run.options.header
    while tuple(columns[-2:]) == OURS:
        columns = columns[:-2]
    return [*columns, *OURS], _failed_rows(run.id, len(columns))


def _failed_rows(import_id: str, width: int) -> Iterator[list[Any]]:
    statement = select(ImportLine.line, ImportLine.raw, ImportLine.reason).where(
        ImportLine.run_id == import_id, ImportLine.verdict == ImportLineVerdict.FAILED
    )
    for rows in BY_LINE.batches(statement, 1_000):
        for line, raw, reason in rows:
            cells = [sheets.read_back(cell) for cell in (raw or {}).get("cells", [])]
            # A line of the wrong length keeps its reason in the reason's column.
            yield [*cells[:width], *[""] * (width - len(cells)), line, reason]


def first_rows(run: ImportRun, count: int) -> list[list[str]]:
    """The first lines of the file: to choose columns by, and to see how it is read."""
    content = db.session.scalar(
        select(func.substring(UploadedFile.content, 1, 64 * 1024)).where(
            UploadedFile.id == run.file_id
        )
    )
    return reading.rows_of(content or b"", run.options.encoding, run.options.delimiter)[:count]


def likely_decimals(run: ImportRun, currency: str, locale: str) -> str:
    """The sign before decimals of the amounts' column, where the whole file leaves no doubt."""
    column = run.options.columns.get("amount")
    if column is None:
        return ""
    place = run.options.header.index(column)
    cells = (line.cells[place] for line in files.of_run(run) if not line.problem)
    telling = islice((cell for cell in cells if "." in cell or "," in cell), TELLING)
    return values.likely_decimals(telling, currency, locale) or ""
