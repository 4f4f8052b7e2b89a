"""What we write for spreadsheets is text there, whoever typed it."""

import csv
import io
from pathlib import Path

import pytest

import nxloy_web
from nxloy_web.web.csv_export import csv_download


def written(cell: str) -> list[list[str]]:
    """A file with this text as a heading and as a cell, read again."""
    answer = csv_download("x.csv", [cell, "Name"], [[cell, 5]])
    return list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))


@pytest.mark.parametrize(
    "first", ["=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20"]
)
def test_a_formula_is_written_as_text_in_headings_too(first: str) -> None:
    """X16: the headings of failed-lines.csv, and full-width signs, went out as they were."""
    cell = f"{first}HYPERLINK(1)"
    assert written(cell) == [["'" + cell, "Name"], ["'" + cell, "5"]]


@pytest.mark.parametrize("cell", ["Ann", "a=b", "", "5-7", "'quoted'", "„x“"])
def test_what_is_no_formula_is_left_alone(cell: str) -> None:
    assert written(cell) == [[cell, "Name"], [cell, "5"]]


def test_files_for_spreadsheets_are_written_in_one_place() -> None:
    package = Path(nxloy_web.__file__).parent
    writing = [path.name for path in package.rglob("*.py") if "csv.writer" in path.read_text()]
    assert writing == ["csv_export.py"]
