"""The audit log, to read and to take along."""

from collections.abc import Iterator
from dataclasses import asdict
from zoneinfo import ZoneInfo

from flask import g
from flask.typing import ResponseReturnValue

from nxloy_web.audit import listing, queries
from nxloy_web.audit.listing import Line
from nxloy_web.audit.queries import Filter
from nxloy_web.permissions import Permission, requires
from nxloy_web.web.answers import page
from nxloy_web.web.arguments import Arguments, arguments
from nxloy_web.web.csv_export import csv_download
from nxloy_web.web.filters import label, sentence
from nxloy_web.web.places import desk

bp = desk("audit", __name__, "/audit")

COLUMNS = ("date", "who", "role", "what", "about", "changes", "entry")
_NAMES = {"who": "person", "subject_id": "subject"}
"""What a part of the filter is called in an address, where that is not its own name."""


@bp.get("/")
@requires(Permission.AUDIT_VIEW)
def index() -> ResponseReturnValue:
    filter_, zone = _filter(arguments()), ZoneInfo(g.place.timezone)
    entries = queries.entries(filter_, zone, arguments().cursor("before"))
    return page(
        "audit/index.html",
        fragment="audit/_results.html",
        entries=entries,
        lines=listing.lines_of(entries.rows),
        filter=filter_,
        export=_written(filter_),
        subject=_subject(filter_),
        people=queries.people(),
        subject_types=queries.subject_types(),
    )


@bp.get("/export.csv")
@requires(Permission.AUDIT_VIEW)
def export() -> ResponseReturnValue:
    """Every entry of the list as it is filtered."""
    filter_, zone = _filter(arguments()), ZoneInfo(g.place.timezone)
    return csv_download("audit-log.csv", COLUMNS, _cells(filter_, zone))


def _filter(said: Arguments) -> Filter:
    return Filter(
        subject_type=said.text("subject_type"),
        who=said.text("person"),
        subject_id=said.row_id("subject"),
        since=said.day("since"),
        until=said.day("until"),
    )


def _written(filter_: Filter) -> dict[str, str]:
    """The filter as an address says it."""
    return {_NAMES.get(name, name): str(value) for name, value in asdict(filter_).items() if value}


def _subject(filter_: Filter) -> listing.Named | None:
    """The one thing that the list is about, if it is about one."""
    key = (filter_.subject_type, filter_.subject_id)
    return listing.names_of([key]).get(key) if all(key) else None


def _cells(filter_: Filter, zone: ZoneInfo) -> Iterator[list[object]]:
    for rows in queries.everything(filter_, zone):
        for line in listing.lines_of(rows):
            yield _line(line, zone)


def _line(line: Line, zone: ZoneInfo) -> list[object]:
    entry = line.entry
    return [
        entry.occurred_at.astimezone(zone).isoformat(timespec="seconds"),
        line.by_name or entry.actor_kind,
        label(entry.actor_role) if entry.actor_role else "",
        sentence(entry.action),
        line.subject.name if line.subject else "",
        "; ".join(
            f"{one.label}: " + " → ".join(part for part in (one.before, one.after) if part)
            for one in line.changes
        ),
        entry.id,
    ]
