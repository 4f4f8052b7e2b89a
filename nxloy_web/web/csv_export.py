"""CSV exports, safe to open in a sheet."""

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

from nxloy_web.web.answers import download

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_download(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    return download(name, "text/csv", _lines(header, rows))


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield "\ufeff" + _line(header)  # the mark by which Excel knows UTF-8
    for row in rows:
        yield _line(row)


def _safe(value: object) -> object:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it.

    Source: OWASP, CSV injection.
    """
    # A spreadsheet set to Japanese or Chinese reads full-width signs alike.
    if isinstance(value, str) and unicodedata.normalize("NFKC", value[:1]) in _FORMULA:
        return "'" + value
    return "" if value is None else value


def _line(cells: Sequence[object]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([_safe(cell) for cell in cells])
    return line.getvalue()
