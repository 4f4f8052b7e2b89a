"""CSV exports, safe to open in a sheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from nxloy_web.web.answers import download

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    return download(name, "text/csv", _lines(header, rows))


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "\ufeff" + _line(header)  # the mark by which Excel knows UTF-8
    for row in rows:
        yield _line([_safe(value) for value in row])


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
