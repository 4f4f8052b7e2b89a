"""The lines of a stored file, streamed: memory does not grow with the file."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from nxloy_web.db import db
from nxloy_web.tables.imports import UploadedFile

CHUNK = 256 * 1024
LONGEST = 20_000
"""Characters in one line, and in one field that spans lines."""
_TOO_LONG = "\0too long"

csv.field_size_limit(LONGEST)


@dataclass(frozen=True, slots=True)
class Line:
    """One record. `problem` says why its cells cannot be used."""

    number: int
    """Where it starts in the file, the header being line 1."""
    cells: list[str]
    problem: str = ""


def count(content: bytes, encoding: str, delimiter: str) -> int:
    return sum(1 for _ in _parse(io.BytesIO(content), encoding, delimiter, width=None))


def stored(file_id: str, *, size: int, encoding: str, delimiter: str, width: int) -> Iterator[Line]:
    """The records of an uploaded file, read piece by piece over the session's connection.

    Each piece is read in whatever transaction is open, so batches may commit in between.
    """
    raw: Any = io.BufferedReader(_Stored(file_id, size), CHUNK)
    return _parse(raw, encoding, delimiter, width)


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


def _parse(raw: io.BytesIO, encoding: str, delimiter: str, width: int | None) -> Iterator[Line]:
    text = io.TextIOWrapper(raw, encoding=encoding, newline="")
    reader = csv.reader(_physical(text), delimiter=delimiter)
    next(reader, None)
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Line(number, [], _UNCLOSED)
            continue
        if not any(map(str.strip, cells)):
            continue
        yield Line(number, cells, "" if width is None else _problem(cells, width))


def _physical(text: io.TextIOBase) -> Iterator[str]:
    """Lines as they stand in the file, none longer than what fits in memory many times."""
    while line := text.readline(LONGEST):
        if len(line) == LONGEST and line[-1] not in "\r\n":
            while (rest := text.readline(LONGEST)) and rest[-1] not in "\r\n":
                pass
            yield f"{_TOO_LONG}\n"
        else:
            yield line


_UNCLOSED = (
    f"A field is longer than {LONGEST:,} characters: a quotation mark may be missing its partner."
)


def _problem(cells: list[str], width: int) -> str:
    while len(cells) > width and not cells[-1].strip():
        cells.pop()
    if any("\0" in cell for cell in cells):
        if any(_TOO_LONG in cell for cell in cells):
            cells.clear()
            return f"The line is longer than {LONGEST:,} characters."
        cells[:] = [cell.replace("\0", "") for cell in cells]
        return "The line holds a NUL character, which no text can keep."
    if len(cells) != width:
        return f"The line has {len(cells)} of {width} columns."
    return ""
