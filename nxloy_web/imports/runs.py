"""The jobs: go through a file batch by batch, to judge it or to bring it in.

Each batch is one transaction that moves the run's `place`, so that a job that was stopped goes on
where it had committed, and a second one that runs at the same time finds nothing left to do.
"""

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from sqlalchemy import delete, select, update

from nxloy_web import clock, events, jobs
from nxloy_web.actors import SYSTEM
from nxloy_web.current_business import current_business
from nxloy_web.db import copying, db
from nxloy_web.db.rows import find
from nxloy_web.errors import Refusal
from nxloy_web.events import EventName
from nxloy_web.imports import lines as files
from nxloy_web.imports import undo as undoing
from nxloy_web.imports.customers import CustomerImport
from nxloy_web.imports.lines import Line
from nxloy_web.imports.purchases import PurchaseImport
from nxloy_web.imports.verdicts import FAILED, KNOWN, NEW, Importer, Judged
from nxloy_web.tables.imports import (
    ImportKind,
    ImportLine,
    ImportRun,
    ImportState,
    ImportTotals,
)
from nxloy_web.texts import _

BATCH = 4_000


class Overtaken(Refusal):
    message = _("Another job has this import in hand.")

    status = 409


@jobs.task("imports.check")
def check(import_id: str) -> None:
    """Judge every line and write nothing but the verdicts."""
    _go_through(import_id, ImportState.CHECKING, ImportState.CHECKED)


@jobs.task("imports.run")
def run(import_id: str) -> None:
    """Bring in what is new."""
    _go_through(import_id, ImportState.RUNNING, ImportState.DONE)


@jobs.task("imports.undo")
def undo(import_id: str) -> None:
    """Take everything back that the import brought in."""
    run = find(ImportRun, import_id)
    if run.state is not ImportState.UNDOING:
        return
    undoing.take_back(run, clock.now())
    _end(import_id, ImportState.UNDOING, ImportState.UNDONE)


def _go_through(import_id: str, during: ImportState, after: ImportState) -> None:
    run = find(ImportRun, import_id)
    if run.state is not during:
        return
    try:
        _work(run, during)
    except Overtaken:
        db.session.rollback()
        if _state_of(import_id) is during:
            raise
        return  # somebody has stopped it
    except Refusal as refusal:
        db.session.rollback()
        _end(import_id, during, ImportState.FAILED, str(refusal))
    else:
        _end(import_id, during, after)


def _state_of(import_id: str) -> ImportState | None:
    return db.session.scalar(select(ImportRun.state).where(ImportRun.id == import_id))


def _work(run: ImportRun, during: ImportState) -> None:
    writes = during is ImportState.RUNNING
    importer = _importer(run)
    place = run.place
    totals = run.totals.model_copy()
    if place == 0 and not writes:
        db.session.execute(delete(ImportLine).where(ImportLine.run_id == run.id))
        db.session.commit()
    done = 0
    for batch in _batches(files.of_run(run)):
        judged = importer.judge(batch)
        done += len(batch)
        if done <= place:
            continue  # before a stop: only read again to know what has come before
        judged = judged[len(judged) - (done - place) :]
        _take(run.id, during, place, judged, done)
        if writes:
            points = importer.write(judged)
            change: dict[str, Any] = {"points": ImportRun.points + points}
        else:
            _add_up(importer, judged, totals)
            change = {"totals": totals}
        _save_lines(run.id, judged, fresh=not writes)
        db.session.execute(
            update(ImportRun).where(ImportRun.id == run.id).values(change),
            execution_options={"synchronize_session": False},
        )
        jobs.progress(done, run.lines)
        db.session.commit()
        place = done
        jobs.pause_if_stopping()


def _importer(run: ImportRun) -> Importer:
    business = current_business()
    if run.kind is ImportKind.CUSTOMERS:
        return CustomerImport(run, timezone=business.timezone, at=clock.now())
    return PurchaseImport(
        run,
        currency=business.currency,
        locale=business.locale,
        timezone=business.timezone,
        at=clock.now(),
    )


def _add_up(importer: Importer, judged: list[Judged], totals: ImportTotals) -> None:
    importer.add_up(judged, totals)
    totals.with_cells_left_out += sum(one.verdict is NEW and bool(one.reason) for one in judged)


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, BATCH)):
        yield batch


def _take(import_id: str, during: ImportState, place: int, judged: list[Judged], to: int) -> None:
    """Claim the batch: the row stays ours until the commit, and only one job sees this place."""
    counts = {verdict: sum(one.verdict is verdict for one in judged) for verdict in _COUNTERS}
    moved: Any = db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == import_id, ImportRun.state == during, ImportRun.place == place)
        .values(
            {"place": to}
            | {
                counter: getattr(ImportRun, counter) + counts[verdict]
                for verdict, counter in _COUNTERS.items()
            }
        ),
        execution_options={"synchronize_session": False},
    )
    if moved.rowcount != 1:
        raise Overtaken


_COUNTERS = {NEW: "created_rows", KNOWN: "known_rows", FAILED: "failed_rows"}


def _save_lines(import_id: str, judged: list[Judged], *, fresh: bool) -> None:
    """Write the verdicts; of those a check has written before, only the ones that changed."""
    if not fresh:
        judged = _changed(import_id, judged)
    rows = (
        (
            one.line.number,
            one.verdict.value,
            one.reason,
            json.dumps({"cells": one.line.cells}, ensure_ascii=False),
            one.created_id,
        )
        for one in judged
    )
    columns = "line int4, verdict text, reason text, raw jsonb, created_id text"
    copying.stage("nx_lines", columns, rows)
    copying.run(_SAVE_LINES, run_id=import_id)


def _changed(import_id: str, judged: list[Judged]) -> list[Judged]:
    first, last = judged[0].line.number, judged[-1].line.number
    there = {
        line: (verdict, reason)
        for line, verdict, reason in db.session.execute(
            select(ImportLine.line, ImportLine.verdict, ImportLine.reason).where(
                ImportLine.run_id == import_id, ImportLine.line.between(first, last)
            )
        )
    }
    return [
        one
        for one in judged
        if one.created_id or there.get(one.line.number) != (one.verdict, one.reason)
    ]


_SAVE_LINES = """
    INSERT INTO import_lines (business_id, run_id, line, verdict, reason, raw, created_id)
    SELECT :business_id, :run_id, line, verdict, reason, raw, created_id FROM nx_lines
    ON CONFLICT (business_id, run_id, line) DO UPDATE
    SET verdict = excluded.verdict, reason = excluded.reason, created_id = excluded.created_id
"""


def _end(import_id: str, during: ImportState, state: ImportState, error: str | None = None) -> None:
    at = clock.now()
    ended: Any = db.session.execute(
        update(ImportRun)
        .where(ImportRun.id == import_id, ImportRun.state == during)
        .values(state=state, error=error, finished_at=at),
        execution_options={"synchronize_session": False},
    )
    if ended.rowcount and state in _SAID:
        run = find(ImportRun, import_id, lock=True)
        events.happened(_SAID[state], run, by=SYSTEM, at=at, after=_figures(run))


# That it was checked is not said: nothing has changed by that.
_SAID: dict[ImportState, EventName] = {
    ImportState.DONE: "import.finished",
    ImportState.FAILED: "import.failed",
    ImportState.UNDONE: "import.undone",
}


def _figures(run: ImportRun) -> dict[str, Any]:
    error = {"error": run.error} if run.error else {}
    return {
        "kind": run.kind,
        "new": run.created_rows,
        "known": run.known_rows,
        "failed": run.failed_rows,
        "points": run.points,
    } | error
