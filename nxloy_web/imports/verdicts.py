"""What becomes of a line, before anything is written."""

from dataclasses import dataclass
from typing import Any, Protocol

from nxloy_web.imports.lines import Line
from nxloy_web.tables.imports import ImportLineVerdict, ImportOptions

NEW = ImportLineVerdict.NEW
KNOWN = ImportLineVerdict.KNOWN
FAILED = ImportLineVerdict.FAILED


@dataclass(slots=True)
class Judged:
    """A line with its verdict; `new` is what would be written."""

    line: Line
    verdict: ImportLineVerdict
    reason: str | None = None
    new: Any = None
    created_id: str | None = None


class Importer(Protocol):
    """One kind of import. Judging a batch writes nothing; the same lines get the same verdicts."""

    def judge(self, lines: list[Line]) -> list[Judged]: ...

    def write(self, judged: list[Judged]) -> int:
        """Write what is new of a judged batch; how many points were given."""
        ...


class Cells:
    """The cells of a line by our names for them."""

    def __init__(self, options: ImportOptions) -> None:
        place = {name: index for index, name in enumerate(options.header)}
        self._places = {field: place[column] for field, column in options.columns.items()}

    def of(self, line: Line, field: str) -> str:
        index = self._places.get(field)
        return "" if index is None else line.cells[index].strip()

    def has(self, field: str) -> bool:
        return field in self._places
