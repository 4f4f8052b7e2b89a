"""The points ledger, to read and to take along."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import g
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.entries import queries
from nxloy_web.entries.forms import read_filter, written
from nxloy_web.entries.queries import Filter
from nxloy_web.permissions import Permission, requires
from nxloy_web.tables.points import TransactionType
from nxloy_web.web.answers import page
from nxloy_web.web.arguments import arguments
from nxloy_web.web.csv_export import csv_download
from nxloy_web.web.places import desk

bp = desk("ledger", __name__, "/ledger")

COLUMNS = (
    "date",
    "customer",
    "program",
    "type",
    "points",
    "balance after",
    "why",
    "by",
    "entry",
)


@bp.get("/")
@requires(Permission.LEDGER_VIEW)
def index() -> ResponseReturnValue:
    filter_, zone = read_filter(arguments()), ZoneInfo(g.place.timezone)
    return page(
        "ledger/index.html",
        fragment="ledger/_results.html",
        filter=filter_,
        export=written(filter_),
        entries=queries.page_of(filter_, zone, arguments().cursor("after")),
        programs=queries.programs(),
        types=TransactionType,
        customer=queries.customer(filter_.customer_id) if filter_.customer_id else None,
        periods=_periods(filter_, zone),
    )


@bp.get("/export.csv")
@requires(Permission.CUSTOMERS_EXPORT)
def export() -> ResponseReturnValue:
    """Every entry of the list as it is filtered. It names customers, so it needs that right."""
    filter_, zone = read_filter(arguments()), ZoneInfo(g.place.timezone)
    return csv_download("points-ledger.csv", COLUMNS, _cells(filter_, zone))


def _periods(filter_: Filter, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Shortcuts for the dates; days are those of the business."""
    today = clock.now().astimezone(zone).date()
    starts = {
        "Any time": None,
        "Today": today,
        "Last 7 days": today - timedelta(days=6),
        "This month": today.replace(day=1),
        "This year": today.replace(month=1, day=1),
    }
    return [
        {
            "label": label,
            "since": start and start.isoformat(),
            "current": filter_.until is None and filter_.since == start,
        }
        for label, start in starts.items()
    ]


def _cells(filter_: Filter, zone: ZoneInfo) -> Iterator[list[object]]:
    for entry in queries.everything(filter_, zone):
        row = entry.row
        yield [
            row.occurred_at.astimezone(zone).isoformat(timespec="seconds"),
            row.customer.name,
            row.program.name,
            row.type.value,
            row.amount,
            row.balance,
            "; ".join(row.metadata_.steps) or row.description,
            entry.by_name,
            row.id,
        ]
