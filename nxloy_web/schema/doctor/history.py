"""Where the database stands in the history, and whether it is what the models say there."""

from collections.abc import Iterator
from dataclasses import dataclass

from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema import drift as models
from nxloy_web.schema import history
from nxloy_web.schema.doctor.complaint import some

SOME = 20


@dataclass(frozen=True)
class Place:
    found: tuple[str, ...]
    """What the database says of itself."""
    revision: str | None
    """The same, when it is one revision that this version knows."""
    pending: tuple[str, ...]

    @property
    def is_at_head(self) -> bool:
        return self.revision is not None and not self.pending


def place(connection: Connection) -> Place:
    found = tuple(MigrationContext.configure(connection).get_current_heads())
    ids = [revision.id for revision in history.revisions()]
    if len(found) != 1 or found[0] not in ids:
        return Place(found, None, ())
    return Place(found, found[0], tuple(ids[ids.index(found[0]) + 1 :]))


def complaints(place: Place) -> Iterator[str]:
    if not place.found:
        yield "The database has no tables of ours yet: run `flask db upgrade`."
    elif place.revision is None:
        yield (
            f"The database is at {some(place.found)}, which this version does not know: "
            "run the version of the application that brought it there, or a later one."
        )
    elif place.pending:
        count = len(place.pending)
        yield (
            f"The database is at {place.revision}; {count} revision{'s' if count > 1 else ''} "
            f"wait{'' if count > 1 else 's'} ({some(place.pending)}). `flask schema plan` shows "
            "what each needs; drift and books are looked at when none waits."
        )


def failed(connection: Connection) -> Iterator[str]:
    """Data migrations that gave up."""
    if connection.scalar(text("SELECT to_regclass('nx.data_migrations')")) is None:
        return
    question = "SELECT name, rows_done, rows_total FROM nx.data_migrations WHERE status = 'FAILED'"
    for name, done, total in connection.execute(text(f"{question} ORDER BY name")):
        yield (
            f"The data migration {name} failed after {done:,} of {total:,} rows; those stay done. "
            f"`flask schema data status` says why, `flask schema data retry {name}` goes on."
        )


def drift(connection: Connection) -> Iterator[str]:
    found = models.differences(connection)
    words = [word for difference in found for word in models.described(difference)]
    for word in words[:SOME]:
        yield f"{word[0].upper()}{word[1:]}. Write the revision that is missing, or undo by hand."
    if len(words) > SOME:
        yield f"There are {len(words) - SOME} more differences; begin with these."
