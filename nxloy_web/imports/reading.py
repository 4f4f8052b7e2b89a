"""What an uploaded file is: whether it is text at all, its encoding, delimiter and columns.

Nothing is guessed where a wrong guess would change what the file says: what cannot be known for
sure is refused with a sentence, or shown on the next page to be confirmed.
"""

import codecs
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from nxloy_web.errors import BusinessRule
from nxloy_web.imports.lines import Line, Reader
from nxloy_web.texts import _

MOST_COLUMNS = 100
SAMPLE_LINES = 50
DELIMITERS = (",", ";", "\t", "|")
NOT_TEXT = (
    (b"PK\x03\x04", _("an Excel, Numbers or zip file")),
    (b"\xd0\xcf\x11\xe0", _("an old Excel file")),
    (b"%PDF", _("a PDF")),
    (b"\x89PNG", _("a picture")),
    (b"\xff\xd8\xff", _("a picture")),
    (b"GIF8", _("a picture")),
    (b"RIFF", _("a picture or sound")),
    (b"\x1f\x8b", _("a compressed file")),
    (b"7z\xbc\xaf", _("a compressed file")),
    (b"Rar!", _("a compressed file")),
    (b"\x7fELF", _("a program")),
    (b"MZ", _("a program")),
    (b"{\\rtf", _("a text document with formatting")),
    (b"SQLite format 3", _("a database")),
)
SAVE_AS = _("Save or export it as CSV and upload that.")


class Unreadable(BusinessRule):
    message = _("This file cannot be imported.")


@dataclass(frozen=True)
class Recognised:
    """How the file is to be read, and what it looks like."""

    encoding: str
    delimiter: str
    columns: list[str]
    sample: list[list[str]]
    notice: str = ""
    """What the person should know about how the file was read."""


def recognise(content: bytes) -> Recognised:
    """Look at a whole file. Raises Unreadable with a sentence."""
    _refuse_other_kinds(content)
    encoding, notice = _encoding(content)
    text = _beginning(content, encoding)
    delimiter = _delimiter(text)
    records = _records(text, delimiter)
    if not records:
        raise Unreadable(_("This file is empty."))
    header, *rows = records
    if header.problem:
        raise Unreadable(
            _(
                "The names of the columns in the first line cannot be read: %(problem)s",
                problem=header.problem,
            )
        )
    columns = _columns(header.cells)
    if not rows:
        raise Unreadable(_("This file has column names, but no lines below them."))
    return Recognised(encoding, delimiter, columns, _cells(rows), notice)


def rows_of(start: bytes, encoding: str, delimiter: str) -> list[list[str]]:
    """The first rows below the header, from the beginning of a file that was recognised before."""
    return _cells(_records(_beginning(start, encoding), delimiter)[1:])


def _refuse_other_kinds(content: bytes) -> None:
    if not content.strip():
        raise Unreadable(_("This file is empty."))
    for magic, kind in NOT_TEXT:
        if content.startswith(magic):
            raise Unreadable(
                _("This is %(kind)s, not a CSV file. %(advice)s", kind=kind, advice=SAVE_AS)
            )
    start = content[:1000].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise Unreadable(_("This is a web page or XML, not a CSV file. %(advice)s", advice=SAVE_AS))


def _encoding(content: bytes) -> tuple[str, str]:
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            _decode(content, encoding)
            return encoding, ""
    start = content[:4096]
    if start.count(0) > len(start) // 4:
        encoding = "utf-16-le" if start[1::2].count(0) > start[0::2].count(0) else "utf-16-be"
        _decode(content, encoding)
        return encoding, ""
    if _controls(start) > len(start) // 50:
        raise Unreadable(_("This does not look like text. %(advice)s", advice=SAVE_AS))
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        _decode(content, "cp1252")
        return "cp1252", (
            "The file is not in UTF-8, so it was read as Windows-1252 (Western European). "
            "Look at names with accents below: if they are wrong, export the file as UTF-8."
        )
    return "utf-8", ""


def _decode(content: bytes, encoding: str) -> None:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        raise Unreadable(
            _("Some characters of this file cannot be read. Export it as CSV in UTF-8.")
        ) from None


def _controls(start: bytes) -> int:
    return sum(byte < 32 and byte not in b"\t\r\n\x00" for byte in start)


def _beginning(content: bytes, encoding: str) -> str:
    # Cut at a whole character; errors can only be in the last, half one.
    return content[: 256 * 1024].decode(encoding, errors="ignore")


def _delimiter(text: str) -> str:
    """The one that splits the header and the lines below alike, into the most columns."""

    def quality(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for row in _cells(_records(text, delimiter)))
        width, times = widths.most_common(1)[0] if widths else (0, 0)
        return (times if width > 1 else 0, width)

    return max(DELIMITERS, key=quality)


def _records(text: str, delimiter: str) -> list[Line]:
    return list(islice(Reader(io.StringIO(text, newline=""), delimiter).all(), SAMPLE_LINES + 1))


def _cells(lines: Sequence[Line]) -> list[list[str]]:
    return [line.cells for line in lines if not line.problem]


def _columns(header: list[str]) -> list[str]:
    names = [name.replace("\0", "").strip() for name in header]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise Unreadable(
            _(
                "This file has %(columns)s columns; the most is %(most)s.",
                columns=len(names),
                most=MOST_COLUMNS,
            )
        )
    names = [name[:80] or f"Column {number}" for number, name in enumerate(names, 1)]
    twice = [name for name, times in Counter(map(str.casefold, names)).items() if times > 1]
    if twice:
        again = next(name for name in names if name.casefold() == twice[0])
        raise Unreadable(
            _(
                "Two columns are called “%(column)s”. Give each column a name of its own.",
                column=again,
            )
        )
    if all(_is_data(name) for name in names):
        raise Unreadable(
            _(
                "The first line must hold the names of the columns; here it starts with"
                " “%(first)s”.",
                first=names[0],
            )
        )
    return names


def _is_data(name: str) -> bool:
    return "@" in name or not any(character.isalpha() for character in name)
