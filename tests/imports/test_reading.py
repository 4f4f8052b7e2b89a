"""Files: what they are, and what is refused with which sentence."""

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
    text = io.TextIOWrapper(io.BytesIO(content), encoding=found.encoding, newline="")
    read = lines.below_header(text, ",", 2)
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
    found = lines.below_header(io.StringIO(text, newline=""), ",", width)
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


NAIVE = (Path(__file__).parent / "trials" / "naive_quote_in_note.csv").read_text()
UNTERMINATED = (Path(__file__).parent / "trials" / "unterminated_quote.csv").read_text()


def test_quotation_marks_written_without_care_hide_nobody() -> None:
    """I3. Three customers stood inside the note of another one, and nothing failed."""
    found = {cells[0].split(",")[0]: problem for _, cells, problem in read(NAIVE, 3)}
    assert {who[:2] for who in found} == {f"n{number}" for number in range(1, 8)}
    assert {who[:2] for who, problem in found.items() if not problem} == {"n1", "n4", "n5", "n7"}
    assert "middle of a value" in found["n2@example.com"]


def test_a_quotation_mark_without_its_partner_fails_its_own_line() -> None:
    """I3."""
    found = read(UNTERMINATED)
    assert [(number, bool(problem)) for number, _, problem in found] == [
        (2, False),
        (3, True),
        (4, False),
        (5, False),
    ]
    assert found[1][1] == ['u2@example.com,"Bad quote']
    assert "missing its partner" in found[1][2]


def test_a_record_has_a_bound() -> None:
    """I3. What opens and closes thousands of lines later is no field."""
    rows = "\n".join("1,2" for _ in range(8000))
    found = read(f'a,b\n"1,2\n{rows}\n3",4\n')
    assert len(found) == 8_002
    assert [number for number, _, problem in found if problem] == [2]


@given(st.text(alphabet='a,"\n', max_size=60))
def test_every_line_of_a_file_is_accounted_for(text: str) -> None:
    """I3. Whatever stands in it: a line is a record, a part of one, or empty."""
    content = "header,b\n" + text
    counted = lines.count(content.encode(), "utf-8", ",")
    physical = len(io.StringIO(text, newline="").readlines())
    assert counted.records + counted.continued + counted.empty == physical
    found = list(lines.below_header(io.StringIO(content, newline=""), ",", 2))
    assert len(found) == counted.records
    numbers = [line.number for line in found]
    assert numbers == sorted(set(numbers))


def test_the_header_may_come_after_empty_lines() -> None:
    assert read("\n\na,b\n1,2\n") == [(4, ["1", "2"], "")]
    assert recognise(b"\n\na,b\n1,2\n").columns == ["a", "b"]


def test_a_header_that_cannot_be_read_is_refused() -> None:
    """I3."""
    with pytest.raises(Unreadable, match="missing its partner"):
        recognise(b'name,"email\nann,ann@example.com\n')


def test_lines_are_counted_without_the_header_and_empty_ones() -> None:
    assert lines.count(b"a,b\n1,2\n\n3,4\n", "utf-8", ",") == lines.Counted(2, 0, 1)


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
    folder = Path(__file__).parent / "cdnow"
    found = reading.recognise((folder / "purchases.csv").read_bytes())
    assert found.columns == ["customer_id", "date", "number_of_cds", "dollar_value"]
    assert lines.count((folder / "purchases.csv").read_bytes(), "utf-8", ",").records == 69_659
    assert lines.count((folder / "customers.csv").read_bytes(), "utf-8", ",").records == 23_570
