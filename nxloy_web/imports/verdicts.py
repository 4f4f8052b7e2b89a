"""What becomes of a line, before anything is written."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from nxloy_web import sheets
from nxloy_web.errors import NotUsable, Refusal
from nxloy_web.imports.columns import FIELDS
from nxloy_web.imports.lines import Line
from nxloy_web.imports.values import Wrong
from nxloy_web.tables.imports import ImportLineVerdict, ImportOptions, ImportTotals
from nxloy_web.texts import Text, _

NEW = ImportLineVerdict.NEW
KNOWN = ImportLineVerdict.KNOWN
FAILED = ImportLineVerdict.FAILED
Value = TypeVar("Value")
LABELS = {field.name: field.label for fields in FIELDS.values() for field in fields}


@dataclass(slots=True)
class Judged:
    """A line with its verdict; `new` is what would be written."""

    line: Line
    verdict: ImportLineVerdict
    reason: str | None = None
    """Of a line that is new: which of its cells is left out, and why."""
    new: Any = None
    created_id: str | None = None


class Importer(Protocol):
    """One kind of import. Judging a batch writes nothing; the same lines get the same verdicts."""

    def judge(self, lines: list[Line]) -> list[Judged]: ...

    def add_up(self, judged: list[Judged], totals: ImportTotals) -> None:
        """What a judged batch comes to, by which somebody would notice a wrong reading."""
        ...

    def write(self, judged: list[Judged]) -> int:
        """Write what is new of a judged batch; how many points were given."""
        ...


class Row:
    """The cells of a line by our names for them."""

    __slots__ = ("_cells", "_places", "left_out", "line")

    def __init__(self, line: Line, places: dict[str, int]) -> None:
        self.line = line
        self._cells = line.cells
        self._places = places
        self.left_out: dict[str, Text] = {}
        """Why cells cannot be used without which the line can."""

    def of(self, field: str) -> str:
        """Raises Wrong for a line break, which in a single value means that lines of other people
        stand inside it."""
        place = self._places.get(field)
        text = "" if place is None else self._cells[place].rstrip()
        if "\n" in text or "\r" in text:
            raise Wrong(
                _(
                    "“%(column)s” goes on in the next line: a quotation mark may be missing its"
                    " partner.",
                    column=LABELS[field],
                )
            )
        return sheets.read_back(text.lstrip())

    def optional(self, field: str, read: Callable[[str], Value], otherwise: Value) -> Value:
        """The value of a cell; one that cannot be read costs itself, and not the line."""
        text = self.of(field)
        if not text:
            return otherwise
        try:
            return read(text)
        except (NotUsable, Refusal) as problem:
            self.left_out[field] = problem.message
            return otherwise

    @property
    def note(self) -> str | None:
        """What is to be said of the line although it comes in."""
        said = [f"{LABELS[field]} left out: {why}" for field, why in self.left_out.items()]
        return " ".join(said) or None


def places_of(options: ImportOptions) -> dict[str, int]:
    """Where the columns stand, by our names for them."""
    place = {name: index for index, name in enumerate(options.header)}
    return {field: place[column] for field, column in options.columns.items()}
