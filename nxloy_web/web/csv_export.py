"""CSV exports: written while they are sent, in a scope of their own, safe to open in a sheet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from flask import Response, current_app, g

from nxloy_web.db.scope import enter_scope
from nxloy_web.web.answers import download

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_download(
    name: str, header: Sequence[str], rows: Callable[[], Iterable[Sequence[object]]]
) -> Response:
    """A file of `rows()`, which runs after the request, inside the business's scope."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    business_id = g.place.business_id

    def lines() -> Iterator[str]:
        with app.app_context(), enter_scope(business_id):
            yield "\ufeff" + _line(header)  # the mark by which Excel knows UTF-8
            for row in rows():
                yield _line([_safe(value) for value in row])

    return download(name, "text/csv", lines)


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it.

    Source: OWASP, CSV injection.
    """
    if isinstance(value, str) and value.startswith(_FORMULA):
        return "'" + value
    return "" if value is None else value


def _line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue()
