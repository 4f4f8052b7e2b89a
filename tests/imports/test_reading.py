"""Files: what they are, and what is refused with which sentence."""

import io

import pytest

from nxloy_web.imports import columns, lines, reading
from nxloy_web.imports.reading import Unreadable, recognise
from nxloy_web.tables.imports import ImportKind

TABLE = "name,email\nZoë,zoe@example.com\nLudwig,lw@example.com\n"


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        (TABLE.encode(), "utf-8"),
        (b"\xef\xbb\xbf" + TABLE.encode(), "utf-8-sig"),
        (TABLE.encode("utf-16"), "utf-16"),
        (TABLE.encode("utf-16-be"), "utf-16-be"),
        (TABLE.encode("utf-16-le"), "utf-16-le"),
        (TABLE.encode("cp1252"), "cp1252"),
    ],
)
def test_the_encoding_is_found(content: bytes, encoding: str) -> None:
    found = recognise(content)
    assert found.encoding == encoding
    assert found.columns == ["name", "email"]
    assert found.sample[0] == ["Zoë", "zoe@example.com"]
    assert bool(found.notice) is (encoding == "cp1252")
    read = lines._parse(io.BytesIO(content), encoding, ",", 2)
    assert [line.cells[0] for line in read] == ["Zoë", "Ludwig"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = f'a{delimiter}b\n"1,5{delimiter}0"{delimiter}2\n"x ""y"" z"{delimiter}4\n'
    found = recognise(text.encode())
    assert found.delimiter == delimiter
    assert found.sample[1] == ['x "y" z', "4"]


def test_one_column_is_enough() -> None:
    assert recognise(b"email\nann@example.com\n").columns == ["email"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"a,b\n", "no lines below"),
        (b"PK\x03\x04rest", "Excel, Numbers or zip"),
        (b"%PDF-1.7", "PDF"),
        (b"\x89PNG\r\n", "picture"),
        (b"<!DOCTYPE html><p>", "web page"),
        (bytes(range(1, 32)) * 50, "does not look like text"),
        (b"a,b\n\x81\x8d\xff,1\n", "cannot be read"),
        (b"email,Email\nx,y\n", "Two columns are called"),
        (b"1997-01-01,11.77\n1997-01-02,3\n", "must hold the names"),
        (",".join(f"c{n}" for n in range(101)).encode() + b"\n1\n", "101 columns"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes, sentence: str) -> None:
    with pytest.raises(Unreadable, match=sentence):
        recognise(content)


def read(text: str, width: int = 2) -> list[tuple[int, list[str], str]]:
    found = lines._parse(io.BytesIO(text.encode()), "utf-8", ",", width)
    return [(line.number, line.cells, line.problem) for line in found]


def test_lines_carry_the_number_they_have_in_the_file() -> None:
    assert read('a,b\r\n1,"two\r\nlines"\r\n\r\n3,4') == [
        (2, ["1", "two\r\nlines"], ""),
        (5, ["3", "4"], ""),
    ]


def test_old_line_ends_are_line_ends() -> None:
    assert [cells for _, cells, _ in read("a,b\r1,2\r3,4\r")] == [["1", "2"], ["3", "4"]]


def test_a_line_with_the_wrong_number_of_cells_says_so() -> None:
    assert read("a,b\n1\n1,2,3\n1,2,,\n") == [
        (2, ["1"], "The line has 1 of 2 columns."),
        (3, ["1", "2", "3"], "The line has 3 of 2 columns."),
        (4, ["1", "2"], ""),
    ]


def test_a_broken_line_does_not_take_the_next_one_with_it() -> None:
    long = "x" * (lines.LONGEST + 5)
    found = read(f"a,b\n{long},2\n1,2\n")
    assert "longer than 20,000" in found[0][2]
    assert found[1] == (3, ["1", "2"], "")


def test_a_nul_is_told_and_taken_out() -> None:
    ((_, cells, problem),) = read("a,b\n1\0,2\n")
    assert cells == ["1", "2"]
    assert "NUL" in problem


def test_a_quotation_mark_without_its_partner_is_told() -> None:
    rows = "\n".join("1,2" for _ in range(8000))
    problems = [problem for *_, problem in read(f'a,b\n"1,2\n{rows}\n') if problem]
    assert any("quotation mark" in problem for problem in problems)


def test_lines_are_counted_without_the_header_and_empty_ones() -> None:
    assert lines.count(b"a,b\n1,2\n\n3,4\n", "utf-8", ",") == 2


def test_columns_are_matched_by_their_names() -> None:
    assert columns.guess(
        ImportKind.PURCHASES, ["customer_id", "date", "number_of_cds", "dollar_value"]
    ) == {
        "customer_id": "customer_id",
        "date": "date",
        "amount": "dollar_value",
        "items": "number_of_cds",
    }
    assert columns.guess(ImportKind.CUSTOMERS, ["E-Mail", "Vorname", "Nachname", "Colour"]) == {
        "email": "E-Mail",
        "first_name": "Vorname",
        "last_name": "Nachname",
    }


def test_the_cdnow_files_are_recognised() -> None:
    from pathlib import Path

    folder = Path(__file__).parent / "cdnow"
    found = reading.recognise((folder / "purchases.csv").read_bytes())
    assert found.columns == ["customer_id", "date", "number_of_cds", "dollar_value"]
    assert lines.count((folder / "purchases.csv").read_bytes(), "utf-8", ",") == 69_659
    assert lines.count((folder / "customers.csv").read_bytes(), "utf-8", ",") == 23_570
