"""What the operator's page shows: how far the schema is, and who is connected with which version.

All of it is asked as the application's role. That role sees how far the data migrations are and
the names of all sessions, but no row of a report and nothing of a tenant.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby

from sqlalchemy import select, text

from nxloy_web.db import db, floors
from nxloy_web.schema import begun, history
from nxloy_web.schema.history import CONTRACT, Revision
from nxloy_web.schema.runner import LOCK_SPACE
from nxloy_web.tables.data_migrations import DataMigrationRun, DataStatus
from nxloy_web.version import version_numbers

UNFINISHED = (DataStatus.RUNNING, DataStatus.PAUSED, DataStatus.FAILED, DataStatus.QUEUED)


@dataclass(frozen=True)
class Connected:
    """Sessions of one kind and version; without a version, those of other programs."""

    version: str
    kind: str
    count: int

    @property
    def numbers(self) -> tuple[int, ...]:
        return version_numbers(self.version)


@dataclass(frozen=True)
class Stage:
    """Pending revisions that one command runs together."""

    phase: str
    revisions: tuple[Revision, ...]
    waits_for: tuple[str, ...]
    """Why the command would refuse, as far as can be told from here."""

    @property
    def command(self) -> str:
        return history.COMMANDS[self.phase]


@dataclass(frozen=True)
class Migration:
    """A data migration, and whether somebody is at it."""

    run: DataMigrationRun
    title: str
    has_runner: bool

    @property
    def name(self) -> str:
        return self.run.name

    @property
    def is_running(self) -> bool:
        return self.run.status is DataStatus.RUNNING

    @property
    def is_abandoned(self) -> bool:
        """It should run, and its command has ended: killed, or its machine is gone."""
        return self.is_running and not self.has_runner

    @property
    def can_pause(self) -> bool:
        return self.run.status in (DataStatus.QUEUED, DataStatus.RUNNING)

    @property
    def can_resume(self) -> bool:
        return self.run.status is DataStatus.PAUSED

    @property
    def done(self) -> int:
        # Rows that came while it ran are done too, but not in the total.
        return min(self.run.rows_done, self.run.rows_total)

    @property
    def rate(self) -> float:
        """Rows a second since it began, pauses included; 0 when nothing can be said yet."""
        if self.run.started_at is None:
            return 0.0
        seconds = (self.run.updated_at - self.run.started_at).total_seconds()
        return self.run.rows_done / seconds if seconds > 0 else 0.0

    @property
    def ends_at(self) -> datetime | None:
        """When it will be through if it goes on as it did."""
        if not self.is_running or not self.has_runner or not self.rate:
            return None
        left = (self.run.rows_total - self.done) / self.rate
        return self.run.updated_at + timedelta(seconds=left)


@dataclass(frozen=True)
class Overview:
    """The whole page."""

    revision: str | None
    is_ahead: bool
    """The database knows a revision that this version does not."""
    stages: tuple[Stage, ...]
    migrations: tuple[Migration, ...]
    connected: tuple[Connected, ...]
    floor: str | None = None
    """The oldest version that may use the database as it is."""
    can_go_back: bool = False
    """It stands in the middle of a group whose contract has not begun."""

    @property
    def steps(self) -> int:
        return sum(len(stage.revisions) for stage in self.stages)

    @property
    def unfinished(self) -> list[Migration]:
        found = [m for m in self.migrations if m.run.status in UNFINISHED]
        return sorted(found, key=lambda migration: UNFINISHED.index(migration.run.status))

    @property
    def finished(self) -> list[Migration]:
        """The last one first."""
        return [m for m in reversed(self.migrations) if m.run.status is DataStatus.DONE]

    @property
    def is_moving(self) -> bool:
        return any(m.has_runner or m.can_pause for m in self.migrations)

    @property
    def oldest_allowed(self) -> str | None:
        """The oldest version that the pending contracts, and those before, let stay connected."""
        wanted = [r.min_app for s in self.stages for r in s.revisions if r.min_app]
        wanted += [self.floor] if self.floor else []
        return max(wanted, key=version_numbers, default=None)

    def is_too_old(self, who: Connected) -> bool:
        oldest = self.oldest_allowed
        return bool(oldest and who.version) and who.numbers < version_numbers(oldest or "")


def overview() -> Overview:
    connection = db.session.connection()
    revision = history.current(connection)
    places = {known.id: place for place, known in enumerate(_known())}
    is_ahead = revision is not None and revision not in places
    begin = 0 if revision is None else places.get(revision, len(places) - 1) + 1
    pending = _known()[begin:]
    migrations, connected = _migrations(), _connected()
    is_within = bool(begin and pending) and _known()[begin - 1].group == pending[0].group
    return Overview(
        revision,
        is_ahead,
        tuple(_stages(pending, migrations, connected)),
        migrations,
        connected,
        floors.oldest_allowed(connection),
        is_within and not begun.is_noted(connection, pending[0].id),
    )


@cache
def _known() -> tuple[Revision, ...]:
    """Read once: the files change only together with the code that is running."""
    return tuple(history.revisions())


def _stages(
    pending: tuple[Revision, ...],
    migrations: tuple[Migration, ...],
    connected: tuple[Connected, ...],
) -> list[Stage]:
    return [
        Stage(phase, those, tuple(_waits_for(those, migrations, connected)))
        for phase, group in groupby(pending, key=lambda revision: revision.phase)
        if (those := tuple(group))
    ]


def _waits_for(
    revisions: tuple[Revision, ...],
    migrations: tuple[Migration, ...],
    connected: tuple[Connected, ...],
) -> list[str]:
    done = {m.name for m in migrations if m.run.finished_at}
    reported = {m.name: m.run.reported for m in migrations}
    found: list[str] = []
    for revision in (r for r in revisions if r.phase == CONTRACT):
        for name in revision.needs:
            if name not in done:
                found.append(f"The data migration {name} has to finish.")
            elif reported[name]:
                found.append(
                    f"{reported[name]:,} in the report of {name}: those that wait for a decision "
                    f"hold this back. Command: flask schema report {name}"
                )
        oldest = revision.min_app
        if oldest and any(c.version and c.numbers < version_numbers(oldest) for c in connected):
            found.append(f"Every connection has to be of version {oldest} or later.")
    return list(dict.fromkeys(found))


def _migrations() -> tuple[Migration, ...]:
    """In the order in which they were begun."""
    titles = {r.migration.name: r.title for r in _known() if r.migration}
    runs = db.session.scalars(
        select(DataMigrationRun).order_by(DataMigrationRun.started_at, DataMigrationRun.name)
    ).all()
    at_work = set(db.session.scalars(_AT_WORK, {"space": LOCK_SPACE}))
    return tuple(
        Migration(run, titles.get(run.name, run.name).rstrip("."), run.name in at_work)
        for run in runs
    )


def _connected() -> tuple[Connected, ...]:
    rows = db.session.execute(_SESSIONS)
    found = [Connected(version or "", kind or "", count) for version, kind, count in rows]
    return tuple(sorted(found, key=lambda who: (not who.version, who.numbers, who.kind)))


# A runner holds a lock of its session while it lives; everybody may see that it is held.
_AT_WORK = text("""
    SELECT m.name FROM data_migrations m JOIN pg_locks l
      ON l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.classid::bigint = :space AND l.objid = (hashtext(m.name)::bigint & 4294967295)::oid
""")
# PostgreSQL shows the names of all sessions to every role, but not what they run or what kind of
# process they are; its own helpers are told by having no user.
_SESSIONS = text("""
    SELECT version, kind, count(*) FROM (
      SELECT substring(application_name FROM '^nxloy/([^/]+)/') AS version,
             substring(application_name FROM '^nxloy/[^/]+/(.+)$') AS kind
      FROM pg_stat_activity
      WHERE datname = current_database() AND usename IS NOT NULL
    ) AS sessions GROUP BY version, kind
""")
