"""CSV exports, safe to open in a sheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from nxloy_web.sheets import as_text
from nxloy_web.web.answers import download


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    return download(name, "text/csv", _lines(header, rows))


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "\ufeff" + _line(header)  # the mark by which Excel knows UTF-8
    for row in rows:
        yield _line(row)


def _line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_written(cell) for cell in cells])
    return line.getvalue()


def _written(value: object) -> object:
    if isinstance(value, str):
        return as_text(value)
    return "" if value is None else value
