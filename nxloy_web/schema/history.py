"""The revisions as what they are to a deployment: expand, data, contract."""

import ast
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from alembic import op
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection

from nxloy_web import host
from nxloy_web.schema import line
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.refusals import DatabaseIsAhead, Refused

LONGEST_ID = 32
"""Of what `alembic_version` keeps."""
EXPAND, DATA, CONTRACT = "expand", "data", "contract"
COMMANDS = {
    EXPAND: "flask schema expand",
    DATA: "flask schema data run",
    CONTRACT: "flask schema contract",
}
"""Which command runs the steps of a phase."""


AT_HAND: ContextVar[ScriptDirectory | None] = ContextVar("scripts at hand", default=None)
"""The revisions as Alembic has read them already, while it goes through them."""


@dataclass(frozen=True)
class Alike:
    """Rows that are alike in these columns, where a rule says that they must not be."""

    table: str
    columns: tuple[str, ...]
    where: str | None = None


@dataclass(frozen=True)
class Revision:
    """One revision file. `phase` says what it asks of the running application."""

    id: str
    phase: str
    group: str
    """What belongs together: a group is expanded, filled and contracted, or aborted, as one."""
    title: str
    needs: tuple[str, ...]
    """The data migrations that must be finished before."""
    min_app: str | None
    """The oldest application version that may still be connected."""
    down_loses: tuple[str, ...]
    """What the way back would lose: a table, or "table WHERE condition"."""
    down_breaks: tuple[str | Alike, ...]
    """Rows that break a rule which the way back brings again: "table WHERE condition"."""
    down_saves: tuple[str, ...]
    """What an earlier revision says it would lose, and the way back over this one brings home."""
    migration: DataMigration | None


def revisions(here: Collection[str] = ()) -> list[Revision]:
    """The whole history, oldest first. Refused when it has no single order; `here` is where a
    database is, whose revisions are left where they are in what is proposed then."""
    found = scripts()
    line.refuse_two(found, here)
    return list(_revisions(found))


@lru_cache(maxsize=4)
def _revisions(found: ScriptDirectory) -> tuple[Revision, ...]:
    return tuple(described(script.module) for script in reversed(list(found.walk_revisions())))


def scripts() -> ScriptDirectory:
    return AT_HAND.get() or ScriptDirectory.from_config(host.migrations())


def folder() -> Path:
    """Where the revisions stand."""
    return Path(scripts().versions)


def heads(connection: Connection) -> tuple[str, ...]:
    """What the database says of itself: one revision, or none before there is a schema."""
    return tuple(MigrationContext.configure(connection).get_current_heads())


def current(connection: Connection) -> str | None:
    """The revision the database is at; None for one without a schema."""
    found = heads(connection)
    if len(found) > 1:
        raise Refused(
            f"The database is at {' and '.join(sorted(found))} at once: the revisions had no "
            "single order when it was brought there. Go back with `flask db downgrade` to the "
            "last one that both follow."
        )
    return found[0] if found else None


def pending(connection: Connection) -> list[Revision]:
    """What the database does not have yet, in order. Refused when it is ahead of this code."""
    here = current(connection)
    return list(following(revisions((here,) if here else ()), here))


def following(known: Sequence[Revision], here: str | None) -> Sequence[Revision]:
    """Those that come after `here`. Refused when it is none of them."""
    if here is None:
        return known
    places = {revision.id: place for place, revision in enumerate(known)}
    if here not in places:
        raise DatabaseIsAhead(f"The database is at {here}, which this version does not know of.")
    return known[places[here] + 1 :]


def described(module: ModuleType) -> Revision:
    """A revision by its module; what it does not say has its default."""

    def said(name: str, otherwise: Any) -> Any:
        return getattr(module, name, otherwise)

    return Revision(
        id=module.revision,
        phase=said("phase", EXPAND),
        group=said("group", module.revision),
        title=_title(Path(str(module.__file__))),
        needs=said("needs", ()),
        min_app=said("min_app", None),
        down_loses=said("down_loses", ()),
        down_breaks=said("down_breaks", ()),
        down_saves=said("down_saves", ()),
        migration=said("MIGRATION", None),
    )


def earlier(revision: str) -> Any:
    """Another revision's module: a contract takes away what its expand made, and its way back
    makes it again."""
    environment: Any = op.get_context().environment_context
    return environment.script.get_revision(revision).module


def may_lose() -> bool:
    """Whether the person said `-x lossy=yes`: the way back may lose rows, or bend them."""
    return _said("lossy") == "yes"


def undoes_what_was_begun() -> bool:
    """Whether `flask schema abort` goes back, also when no whole step is to be undone."""
    return _said("undo") == "begun"


def _said(name: str) -> str | None:
    environment: Any = op.get_context().environment_context
    found: str | None = environment.get_x_argument(as_dictionary=True).get(name)
    return found


def data_migration(name: str) -> DataMigration | None:
    """A data migration by its name."""
    found = (r.migration for r in revisions() if r.migration and r.migration.name == name)
    return next(found, None)


@cache
def _title(file: Path) -> str:
    """The first line of a revision's docstring, from its text: Python drops it with -OO."""
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return said.partition("\n")[0]
