"""The golden shapes: what a database is at each revision, on each PostgreSQL that is tested.

`migrations/shapes` holds, for each revision, what it makes and takes away. A line without a version
is the same on all of them. Written from a fresh build by `flask schema golden --write`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nxloy_web.schema import history
from nxloy_web.schema.shape import KINDS, Part, Shape

Steps = Mapping[str, Shape]
"""The shapes after each revision, in their order."""

_LINE = re.compile(r"([+-])(\d*) (\S+) (\S+) (.+?) =(?: (.*))?")


class NotWritten(Exception):
    """A revision has no golden shape yet."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The revision {revision} has no golden shape: "
            "run `flask schema golden --write` and commit what it writes."
        )


@dataclass(frozen=True)
class Change:
    """A part as one revision leaves it; without a value it is gone."""

    majors: frozenset[int]
    """Empty: all of them."""
    part: Part
    value: str | None


def folder() -> Path:
    """Where the golden shapes stand, a file for each revision."""
    return history.folder().parent / "shapes"


def at(revisions: Sequence[str], major: int) -> tuple[Shape, set[Part]]:
    """The shape after these revisions, and the parts of which this is not sure: of a PostgreSQL
    between those that are tested, only what they have in common is known."""
    told = [change for one in revisions for change in changes(one)]
    tested = {version for change in told for version in change.majors}
    found: Shape = {}
    for change in told:
        if change.majors and major not in change.majors:
            continue
        if change.value is None:
            found.pop(change.part, None)
        else:
            found[change.part] = change.value
    is_tested = not tested or major in tested
    return found, set() if is_tested else {change.part for change in told if change.majors}


def touched(revision: str) -> set[Part]:
    """What a revision makes, changes or takes away."""
    return {change.part for change in changes(revision)}


def read(path: Path) -> str:
    """A file as it is: a function's body may hold a carriage return."""
    return path.read_bytes().decode()


@cache
def changes(revision: str) -> list[Change]:
    """What one revision does to the shape."""
    try:
        text = read(folder() / f"{revision}.txt")
    except FileNotFoundError:
        raise NotWritten(revision) from None
    if not text:
        return []
    found: list[Change] = []
    values: list[str] = []
    # Not splitlines(): a function's body may hold the line separators of other scripts.
    for line in reversed(text.removesuffix("\n").split("\n")):
        if line.startswith("\t"):
            values.append(line[1:])
            continue
        if not (parts := _LINE.fullmatch(line)):
            raise ValueError(f"{revision}.txt: {line}")
        sign, major, kind, of, name, value = parts.groups()
        majors = frozenset({int(major)} if major else ())
        many = "\n".join(reversed(values)) if value is None else value
        found.append(Change(majors, Part(kind, of, name), many if sign == "+" else None))
        values = []
    return found[::-1]


def written(by_major: Mapping[int, Steps]) -> dict[str, str]:
    """The text of each revision's file."""
    before: dict[int, Shape] = {major: {} for major in by_major}
    texts: dict[str, str] = {}
    for revision in next(iter(by_major.values())):
        told: dict[Part, dict[int, str | None]] = {}
        for major, steps in by_major.items():
            for part, value in _difference(before[major], steps[revision]).items():
                told.setdefault(part, {})[major] = value
            before[major] = steps[revision]
        ordered = sorted(told, key=lambda part: (KINDS.index(part.kind), part))
        texts[revision] = "".join(
            line for part in ordered for line in _lines(part, told[part], len(by_major))
        )
    return texts


def _difference(before: Shape, after: Shape) -> dict[Part, str | None]:
    parts = before.keys() | after.keys()
    return {part: after.get(part) for part in parts if before.get(part) != after.get(part)}


def _lines(part: Part, values: Mapping[int, str | None], versions: int) -> Iterator[str]:
    if len(values) == versions and len(set(values.values())) == 1:
        yield _line(part, next(iter(values.values())), "")
    else:
        for major, value in sorted(values.items()):
            yield _line(part, value, str(major))


def _line(part: Part, value: str | None, major: str) -> str:
    sign = f"{'-' if value is None else '+'}{major}"
    text = (value or "").replace("\n", "\n\t")
    between = "\n\t" if "\n" in text else " " if text else ""
    return f"{sign} {part.kind} {part.of} {part.name} ={between}{text}\n"
