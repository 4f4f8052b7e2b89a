"""The lines of a stored file, streamed: memory does not grow with the file.

A record is one line, or several where a quoted field spans them. Files are often written without
care for quotation marks, so what opens a quotation is a record only if it closes properly;
otherwise the first line fails and those below it are read for themselves. So no line of the file
ever disappears inside another.
"""

import csv
import io
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TextIO

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.tables.imports import ImportRun, UploadedFile

CHUNK = 256 * 1024
LONGEST = 20_000
"""Characters in one record."""
SHOWN = 200
"""Characters that are kept of a line that is too long."""
MOST_LINES = 200
"""Lines in one record."""


@dataclass(slots=True)
class Line:
    """One record. `problem` says why its cells cannot be used."""

    number: int
    """Where it starts in the file, the header being line 1."""
    cells: list[str]
    problem: str = ""
    spans: int = 1
    """How many lines of the file it takes up."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Every line of a file below its header is one of these."""

    records: int
    continued: int
    """Lines that go on with the record that a line above has begun."""
    empty: int


def count(content: bytes, encoding: str, delimiter: str) -> Counted:
    text = io.TextIOWrapper(io.BytesIO(content), encoding=encoding, newline="")
    reader = Reader(text, delimiter)
    next(reader.all(), None)
    records = continued = 0
    for line in reader.all():
        records += 1
        continued += line.spans - 1
    return Counted(records, continued, reader.empty)


def of_run(run: ImportRun) -> Iterator[Line]:
    """The records of an import's file, read piece by piece over the session's connection.

    Each piece is read in whatever transaction is open, so batches may commit in between.
    """
    size = db.session.scalar(select(UploadedFile.size).where(UploadedFile.id == run.file_id))
    raw: Any = io.BufferedReader(_Stored(run.file_id, size or 0), CHUNK)
    text = io.TextIOWrapper(raw, encoding=run.options.encoding, newline="")
    return below_header(text, run.options.delimiter, len(run.options.header))


def below_header(text: TextIO, delimiter: str, width: int) -> Iterator[Line]:
    """The records that have to fit a header of so many columns."""
    records = Reader(text, delimiter).all()
    next(records, None)
    for line in records:
        yield line if line.problem else _judged(line, width)


class _Stored(io.RawIOBase):
    def __init__(self, file_id: str, size: int) -> None:
        self.file_id = file_id
        self.size = size
        self.place = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if self.place >= self.size:
            return 0
        piece = db.session.scalar(
            select(func.substring(UploadedFile.content, self.place + 1, len(view))).where(
                UploadedFile.id == self.file_id
            )
        )
        if not piece:
            raise LookupError("the stored file ended early")
        view[: len(piece)] = piece
        self.place += len(piece)
        return len(piece)


class _Broken(Exception):
    """These lines are no record; the message says why."""


class Reader:
    """The records of a text, which is opened with newline="" so that its line ends are kept."""

    def __init__(self, text: TextIO, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._ahead: deque[str] = deque()
        """Lines that were looked at and do not belong to the record before them."""
        self._number = 0
        self.empty = 0
        """Lines so far that have nothing in them."""

    def all(self) -> Iterator[Line]:
        """Header and records; those without anything in them are left out."""
        while (first := self._next()) is not None:
            self._number += 1
            line = self._record(self._number, first)
            if line.problem or "".join(line.cells).strip():
                yield line
            else:
                self.empty += line.spans

    def _record(self, number: int, first: str) -> Line:
        if len(first) > LONGEST:
            return Line(number, [first[:SHOWN]], f"The line is longer than {LONGEST:,} characters.")
        if '"' not in first:
            return Line(number, first.rstrip("\r\n").split(self._delimiter))
        taken = [first]
        try:
            cells = next(csv.reader(self._more(taken), delimiter=self._delimiter, strict=True))
        except (csv.Error, _Broken, StopIteration) as error:
            self._ahead.extendleft(reversed(taken[1:]))
            return Line(number, [first.rstrip("\r\n")], _why(error))
        self._number += len(taken) - 1
        return Line(number, cells, spans=len(taken))

    def _more(self, taken: list[str]) -> Iterator[str]:
        """The first line, and those below it for as long as a quotation is open."""
        yield taken[0]
        size = len(taken[0])
        while (line := self._next()) is not None:
            taken.append(line)
            size += len(line)
            if size > LONGEST or len(taken) > MOST_LINES:
                break
            yield line
        raise _Broken(_UNCLOSED)

    def _next(self) -> str | None:
        if self._ahead:
            return self._ahead.popleft()
        return _physical(self._text)


def _physical(text: TextIO) -> str | None:
    """The next line as it stands in the file; of one that is too long, its beginning."""
    line = text.readline(LONGEST + 1)
    if len(line) > LONGEST and line[-1] not in "\r\n":
        while (rest := text.readline(LONGEST)) and rest[-1] not in "\r\n":
            pass
    return line or None


_UNCLOSED = "A quotation mark is missing its partner."
_ASTRAY = (
    "A quotation mark stands in the middle of a value. Write it twice, and put the whole value in"
    " quotation marks."
)


def _why(error: Exception) -> str:
    return str(error) if isinstance(error, _Broken) else _ASTRAY


def _judged(line: Line, width: int) -> Line:
    cells = line.cells
    if len(cells) == width and "\0" not in "".join(cells):
        return line
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    problem = ""
    if any("\0" in cell for cell in cells):
        cells = [cell.replace("\0", "") for cell in cells]
        problem = "The line holds a NUL character, which no text can keep."
    elif len(cells) != width:
        problem = f"The line has {len(cells)} of {width} columns."
        if line.spans > 1:
            problem += f" It goes on to line {line.number + line.spans - 1}: " + _PARTNER
    return Line(line.number, cells, problem, line.spans)


_PARTNER = "is a quotation mark missing its partner?"
