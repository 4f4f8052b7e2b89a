"""The steps of an import: upload, match, check, run, undo. The work itself is done by jobs."""

import hashlib
from datetime import datetime

from sqlalchemy import select

from nxloy_web import events, jobs
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.rows import find, insert_once
from nxloy_web.earning.rules import rule_of
from nxloy_web.errors import BusinessRule
from nxloy_web.imports import columns, leaving, lines, reading, runs
from nxloy_web.ledger import limits
from nxloy_web.permissions import Permission
from nxloy_web.tables.imports import (
    ImportKind,
    ImportOptions,
    ImportRun,
    ImportState,
    ImportTotals,
    UploadedFile,
)
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
from nxloy_web.texts import Text, _

LARGEST = 25 * 1024 * 1024
CAN_BE_UNDONE = (
    ImportState.RUNNING,
    ImportState.STOPPED,
    ImportState.DONE,
    ImportState.FAILED,
)


class NotNow(BusinessRule):
    message = _("This import has moved on meanwhile. Look at where it is now.")


class AtWork(BusinessRule):
    message = _("This import is at work. Stop it first.")


class WithoutFile(BusinessRule):
    message = _("The file has been deleted. Upload it again: what came in already is known.")


class HasLimits(BusinessRule):
    message = _(
        "An import gives points without a limit, and you have one. Ask an owner to bring this file"
        " in, or choose no program."
    )


class CannotMatch(BusinessRule):
    message = _("The columns do not say enough.")

    def __init__(self, message: Text, field: str) -> None:
        super().__init__(message)
        self.field = field


def upload(
    *, id: str, kind: ImportKind, filename: str, content: bytes, by: Actor, at: datetime
) -> ImportRun:
    """Take in a file. Raises reading.Unreadable when it is no table we can read."""
    by.needs(Permission.IMPORTS_EDIT)
    if len(content) > LARGEST:
        raise reading.Unreadable(
            _(
                "This file has %(size)s MB; the most is %(most)s MB. Split it: lines that came in"
                " before are known when the next part comes.",
                size=round(len(content) / 2**20),
                most=LARGEST // 2**20,
            )
        )
    found = reading.recognise(content)
    counted = lines.count(content, found.encoding, found.delimiter)
    options = ImportOptions(
        header=found.columns,
        columns=columns.guess(kind, found.columns),
        delimiter=found.delimiter,
        encoding=found.encoding,
        notice=found.notice,
        continued=counted.continued,
        empty=counted.empty,
    )
    file = UploadedFile(
        id=id,
        filename=filename[-120:] or "file.csv",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content=content,
        by_user_id=by.user_id,
    )
    insert_once(file, drawn=("content",))
    run, is_new = insert_once(
        ImportRun(
            id=id,
            kind=kind,
            file_id=id,
            options=options,
            lines=counted.records,
            by_user_id=by.user_id,
        ),
        drawn=("options",),
    )
    if is_new:
        events.happened(
            "import.uploaded", run, by=by, at=at, after={"kind": kind, "lines": run.lines}
        )
    return run


def match(import_id: str, options: ImportOptions, *, by: Actor) -> ImportRun:
    """Say which column is what, and have every line judged. Nothing is written yet."""
    by.needs(Permission.IMPORTS_EDIT)
    run = find(ImportRun, import_id, lock=True)
    if run.state in (ImportState.CHECKING, ImportState.RUNNING) and run.options == options:
        return run  # pressed twice
    if run.state not in (ImportState.UPLOADED, ImportState.CHECKED, ImportState.FAILED):
        raise NotNow
    _refuse_without_file(run)
    _refuse_missing(run, options)
    run.options = options
    run.state = ImportState.CHECKING
    run.totals = ImportTotals()
    _start_over(run)
    jobs.enqueue_shown(runs.check, run.id, import_id=run.id)
    return run


def start(import_id: str, *, by: Actor, at: datetime) -> ImportRun:
    """Bring in what the check found to be new."""
    by.needs(Permission.IMPORTS_EDIT)
    run = find(ImportRun, import_id, lock=True)
    if run.state in (ImportState.RUNNING, ImportState.DONE):
        return run  # pressed twice
    if run.state is not ImportState.CHECKED:
        raise NotNow
    if run.options.program_id is not None and limits.has_any(by):
        raise HasLimits
    run.state = ImportState.RUNNING
    run.by_user_id = by.user_id
    facts = {"kind": run.kind, "lines": run.lines, "new": run.created_rows}
    _start_over(run)
    jobs.enqueue_shown(runs.run, run.id, import_id=run.id)
    events.happened("import.started", run, by=by, at=at, after=facts)
    return run


def stop(import_id: str, *, by: Actor, at: datetime) -> ImportRun:
    """End a check, or stop bringing in: what is in stays in, and it can go on from there."""
    by.needs(Permission.IMPORTS_EDIT)
    run = find(ImportRun, import_id, lock=True)
    match run.state:
        case ImportState.CHECKING:
            run.state = ImportState.UPLOADED
        case ImportState.RUNNING:
            run.state = ImportState.STOPPED
            run.finished_at = at
        case ImportState.UPLOADED | ImportState.STOPPED:
            return run  # pressed twice
        case _:
            raise NotNow
    db.session.flush()
    facts = {"kind": run.kind, "lines": run.lines, "place": run.place}
    events.happened("import.stopped", run, by=by, at=at, after=facts)
    return run


def undo(import_id: str, *, by: Actor, at: datetime) -> ImportRun:
    """Take back what the import brought in: by compensating entries, never by deleting any. One
    that is still coming in stops where it is."""
    by.needs(Permission.IMPORTS_EDIT)
    run = find(ImportRun, import_id, lock=True)
    if run.state in (ImportState.UNDOING, ImportState.UNDONE):
        return run  # pressed twice
    if run.state not in CAN_BE_UNDONE:
        raise NotNow
    run.state = ImportState.UNDOING
    jobs.enqueue_shown(runs.undo, run.id, import_id=run.id)
    facts = {"kind": run.kind, "new": run.created_rows, "points": run.points}
    events.happened("import.undo_started", run, by=by, at=at, before=facts)
    return run


def go_on(import_id: str, *, by: Actor) -> ImportRun:
    """Queue the work again that somebody or an error has stopped; it goes on where it was."""
    by.needs(Permission.IMPORTS_EDIT)
    run = find(ImportRun, import_id, lock=True)
    if run.state is ImportState.STOPPED:
        run.state = ImportState.RUNNING
        run.finished_at = None
    again = {
        ImportState.CHECKING: runs.check,
        ImportState.RUNNING: runs.run,
        ImportState.UNDOING: runs.undo,
    }
    if run.state not in again:
        raise NotNow
    if run.state is not ImportState.UNDOING:
        _refuse_without_file(run)
    jobs.enqueue_shown(again[run.state], run.id, import_id=run.id)
    return run


def discard(import_id: str, *, by: Actor, at: datetime) -> ImportRun:
    """Take the file away, and what its lines said. What came in stays."""
    by.needs(Permission.IMPORTS_EDIT)
    run = find(ImportRun, import_id, lock=True)
    if run.is_at_work:
        raise AtWork
    if _has_file(run):
        leaving.take_file_away(run, at)
        events.happened("import.discarded", run, by=by, at=at, after={"kind": run.kind})
    return run


def _has_file(run: ImportRun) -> bool:
    removed_at = select(UploadedFile.removed_at).where(UploadedFile.id == run.file_id)
    return db.session.scalar(removed_at) is None


def _refuse_without_file(run: ImportRun) -> None:
    if not _has_file(run):
        raise WithoutFile


def _start_over(run: ImportRun) -> None:
    run.place = run.created_rows = run.known_rows = run.failed_rows = run.points = 0
    run.error = run.finished_at = None
    db.session.flush()


_NO_REACH = {
    ImportKind.CUSTOMERS: _("Choose a column with the e-mail or phone of the customer."),
    ImportKind.PURCHASES: _(
        "Choose a column with the customer number, e-mail or phone of the customer."
    ),
}


def _refuse_missing(run: ImportRun, options: ImportOptions) -> None:
    for field in columns.FIELDS[run.kind]:
        if field.required and field.name not in options.columns:
            raise CannotMatch(
                _("Choose the column with the %(what)s.", what=field.label.lower()), field.name
            )
    twice = [
        name for name in options.columns.values() if list(options.columns.values()).count(name) > 1
    ]
    if twice:
        field_name = next(key for key, name in options.columns.items() if name == twice[0])
        raise CannotMatch(
            _("The column “%(column)s” is chosen twice.", column=twice[0]), field_name
        )
    reach = columns.REACH if run.kind is ImportKind.PURCHASES else ("email", "phone")
    if not any(name in options.columns for name in reach):
        raise CannotMatch(_NO_REACH[run.kind], reach[-2])
    if options.program_id is not None:
        program = find(LoyaltyProgram, options.program_id)
        if program.status is not ProgramStatus.ACTIVE:
            raise CannotMatch(_("%(program)s is not running.", program=program.name), "program_id")
        if rule_of(program.id) is None:
            raise CannotMatch(
                _("%(program)s has no earning rule yet.", program=program.name), "program_id"
            )
