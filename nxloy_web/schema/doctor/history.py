"""Where the database stands in the history."""

from collections.abc import Iterator
from dataclasses import dataclass

from alembic.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema import history
from nxloy_web.schema.doctor.complaint import some


@dataclass(frozen=True)
class Place:
    found: tuple[str, ...]
    """What the database says of itself."""
    revision: str | None
    """The same, when it is one revision that this version knows."""
    done: tuple[str, ...]
    """Those the database has been through, itself included."""
    pending: tuple[str, ...]

    @property
    def is_at_head(self) -> bool:
        return self.revision is not None and not self.pending


def place(connection: Connection) -> Place:
    found = tuple(MigrationContext.configure(connection).get_current_heads())
    ids = [revision.id for revision in history.revisions()]
    if len(found) != 1 or found[0] not in ids:
        return Place(found, None, (), ())
    here = ids.index(found[0]) + 1
    return Place(found, found[0], tuple(ids[:here]), tuple(ids[here:]))


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
            "what each needs; the books are looked at when none waits."
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
