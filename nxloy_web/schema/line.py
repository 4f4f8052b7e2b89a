"""The revisions are one line: each follows one other, and is followed by one.

Two branches that were merged into one folder have no order: what is planned, run and taken back
would depend on which of them is looked at first.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from alembic.script import Script, ScriptDirectory

from nxloy_web.schema.refusals import Refused


@dataclass(frozen=True)
class Move:
    """What makes one line of two: `revision` follows `after`."""

    revision: str
    after: str
    both_follow: str | None

    def __str__(self) -> str:
        follow = f"both follow {self.both_follow}" if self.both_follow else "both come first"
        return (
            f"The revisions have no single order: {self.revision} and the line that ends with "
            f"{self.after} {follow}. Put {self.revision} after {self.after}: "
            f"`flask schema reparent {self.revision} --after {self.after}`."
        )


class Line:
    """Which revision follows which."""

    def __init__(self, scripts: ScriptDirectory) -> None:
        self.scripts: dict[str, Script] = {
            script.revision: script for script in scripts.walk_revisions()
        }
        """Those that come last first."""
        self.followers: dict[str | None, list[str]] = defaultdict(list)
        for name in self.scripts:
            for parent in self.parents(name) or (None,):
                self.followers[parent].append(name)

    def parents(self, name: str) -> tuple[str, ...]:
        before = self.scripts[name].down_revision
        return (before,) if isinstance(before, str) else tuple(before or ())

    def with_those_before(self, names: Collection[str]) -> set[str]:
        """These revisions and all that they come after."""
        found: set[str] = set()
        rest = [name for name in names if name in self.scripts]
        while rest:
            name = rest.pop()
            if name not in found:
                found.add(name)
                rest += self.parents(name)
        return found

    def with_those_after(self, name: str) -> set[str]:
        """This revision and all that come after it."""
        found: set[str] = set()
        rest = [name]
        while rest:
            name = rest.pop()
            if name not in found:
                found.add(name)
                rest += self.followers[name]
        return found

    def heads(self) -> list[str]:
        return [name for name in self.scripts if not self.followers[name]]

    def move(self, here: Collection[str] = ()) -> Move | None:
        """The first thing to do to make it one line, None when it is one. What a database `here`
        has run stays where it is; else the branch whose file has the earlier date."""
        run = self.with_those_before(here)
        for parent in self._forks():
            stays, moves = sorted(
                self.followers[parent], key=lambda name: (name not in run, self._file(name).name)
            )[:2]
            if stays in self.with_those_after(moves):
                stays, moves = moves, stays
            branch = self.with_those_after(stays) - self.with_those_after(moves)
            end = next(name for name in self.scripts if name in branch)
            return Move(moves, end, parent)
        return None

    def _forks(self) -> Iterator[str | None]:
        """Those that more than one follows, so that there is none behind the first."""
        for name in (*self.scripts, None):
            if len(self.followers[name]) > 1:
                yield name

    def _file(self, name: str) -> Path:
        return Path(self.scripts[name].path)


def refuse_two(scripts: ScriptDirectory, here: Collection[str] = ()) -> None:
    """Refuse a history that goes two ways, with the command that makes it one."""
    if move := Line(scripts).move(here):
        raise Refused(str(move))
