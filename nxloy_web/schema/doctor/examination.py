"""The examination: every area in turn, on the migrator's, the application's and the worker's own
connections."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from sqlalchemy import create_engine, pool, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from nxloy_web.config import NotAnAddress, with_driver
from nxloy_web.db.reachable import unreachable
from nxloy_web.schema.doctor import (
    books,
    grants,
    history,
    leftovers,
    protection,
    shape,
    signing_in,
)
from nxloy_web.schema.doctor.complaint import Complaint, Said
from nxloy_web.schema.golden import NotWritten
from nxloy_web.schema.printing import printed
from nxloy_web.version import VERSION


@dataclass
class Examination:
    complaints: list[Complaint] = field(default_factory=list)
    tables: int = 0
    policies: int = 0
    businesses: int = 0


def examine(
    migrator_url: str | None, app_url: str | None, worker_url: str | None = None
) -> Examination:
    """Look at the whole database. Needs an application context, for the folder of revisions.

    Without a worker's address the worker works as the application, and so does this.
    """
    found = Examination()
    with ExitStack() as stack:

        def opened(name: str, url: str | None) -> Connection | None:
            if not url:
                found.complaints.append(
                    Complaint("address", f"{name} is not set: `flask db-roles` prints it.")
                )
                return None
            try:
                return stack.enter_context(_connected(url))
            except (DBAPIError, NotAnAddress) as error:
                found.complaints.append(Complaint("address", unreachable(name, error)))
                return None

        migrator = opened("MIGRATIONS_DATABASE_URL", migrator_url)
        if migrator is None:
            return found
        app = opened("DATABASE_URL", app_url)
        worker = opened("WORKER_DATABASE_URL", worker_url) if worker_url else app
        _look(found, migrator, app, worker)
    return found


def _look(
    found: Examination, migrator: Connection, app: Connection | None, worker: Connection | None
) -> None:
    def note(area: str, look: Callable[[], Iterable[str | Said]]) -> None:
        for said in _asked(look):
            told = said if isinstance(said, Said) else Said(said)
            found.complaints.append(Complaint(area, told.sentence, told.cure))

    note("roles", lambda: signing_in.roles(migrator))
    for name, role, connection in (
        ("MIGRATIONS_DATABASE_URL", "nx_migrator", migrator),
        ("DATABASE_URL", "nx_app", app),
        ("WORKER_DATABASE_URL", "nx_worker", None if worker is app else worker),
    ):
        if connection is not None:
            note("roles", lambda c=connection, n=name, r=role: signing_in.signed_in(c, n, r))  # type: ignore[misc]
    note("grants", lambda: grants.schemas(migrator))
    place = history.place(migrator)
    note("history", lambda: history.complaints(place))
    not_yet: set[str] = set()
    if place.revision is not None and place.pending:
        not_yet = protection.still_open(printed(place.revision))
    note("protection", lambda: protection.look(migrator, not_yet))
    note("leftovers", lambda: leftovers.unfinished(migrator))
    found.tables, found.policies = protection.counts(migrator)
    if place.revision is not None:
        revision, following = place.revision, next(iter(place.pending), None)
        note("grants", lambda: grants.complaints(migrator, revision, following))
        note("shape", lambda: shape.complaints(migrator, place.done, following))
        note("leftovers", lambda: leftovers.forgotten(migrator, revision, following))
        note("history", lambda: history.failed(migrator))
    if not place.is_at_head:
        return
    note("protection", lambda: protection.outside(migrator))
    if worker is not None:
        note("books", lambda: _books(found, worker))


def _books(found: Examination, worker: Connection) -> Iterator[str]:
    ids = books.business_ids(worker)
    found.businesses = len(ids)
    yield from books.complaints(worker, ids)


def _asked(look: Callable[[], Iterable[str | Said]]) -> Iterator[str | Said]:
    """A part that cannot be looked at is a complaint, and the other parts are looked at."""
    try:
        yield from look()
    except NotWritten as missing:
        yield str(missing)
    except DBAPIError as error:
        why = str(error.orig).splitlines()[0]
        yield f"This could not be looked at ({why}). Put right what else is named and look again."


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = create_engine(
        with_driver(url),
        poolclass=pool.NullPool,
        isolation_level="AUTOCOMMIT",
        connect_args={"application_name": f"nxloy/{VERSION}/doctor", "connect_timeout": 5},
    )
    with engine.connect() as connection:
        connection.execute(text("SET default_transaction_read_only = on"))
        connection.execute(text("SET statement_timeout = 0"))
        yield connection
