"""What a printed script asks before each step, so that loading it cannot do what running refuses.

The gates of `gate.py` again, as SQL. They raise, and psql stops there.
"""

from collections.abc import Iterator
from typing import Any

from psycopg import sql

from nxloy_web.db import floors
from nxloy_web.db.roles import LOGINS
from nxloy_web.schema import history
from nxloy_web.schema.batches import FAILED, FIRST_BATCH
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.history import CONTRACT, Revision
from nxloy_web.schema.refusals import Refused
from nxloy_web.version import version_numbers

PRINT_AGAIN = "print the rest anew and load that"


def beginning(deploy_lock: str) -> str:
    """psql stops at the first error; the migrator alone loads, one script at a time."""
    return "\\set ON_ERROR_STOP on\n" + block(
        (
            f"current_user <> {_text(LOGINS['migrator'])}"
            " OR current_schema() IS DISTINCT FROM 'nx'",
            "Load this as the migrator: with the address in MIGRATIONS_DATABASE_URL.",
        ),
        (
            f"NOT pg_try_advisory_lock(hashtext({_text(deploy_lock)}))",
            "Another deployment is running. Load this when it is done.",
        ),
    )


def before(step: Any, revision: Revision) -> str:
    """Asked before a step up or down."""
    asked = [_is_elsewhere(step.from_revisions)]
    then: list[str] = []
    if not step.is_upgrade:
        if not history.may_lose():
            asked += [_loses(revision, loss) for loss in revision.down_loses]
        if revision.phase == CONTRACT:
            then.append("COMMENT ON TABLE alembic_version IS NULL;")
        return block(*asked, then=then)
    if floors.is_too_old(revision.min_app):
        raise Refused(f"{revision.id} is printed by version {revision.min_app} or later.")
    if revision.phase == CONTRACT and revision.min_app:
        then.append(_raised(revision.id, revision.min_app))
    for name in revision.needs:
        asked += list(_unfinished(name))
    if revision.min_app:
        asked.append(_old_application(revision.id, revision.min_app))
    if revision.phase == CONTRACT:
        then.append(f"COMMENT ON TABLE alembic_version IS {_text(revision.id)};")
    return block(*asked, then=then)


def after(step: Any, revision: Revision) -> str | None:
    """Said when a step is done: the way back over a contract lets older versions in again."""
    if step.is_upgrade or revision.phase != CONTRACT:
        return None
    forget = f"DELETE FROM application_floors WHERE revision = {_text(revision.id)};"
    return block(then=[f"IF to_regclass('application_floors') IS NOT NULL THEN {forget} END IF;"])


def no_rows_to_move(migration: DataMigration, *, is_kept: bool) -> str:
    """Batches are no SQL that can be printed: without rows there is nothing to do, and with rows
    the script stops. `is_kept`: that it ran is noted, as the runner does."""
    name, table = _text(migration.name), migration.table
    is_done = (
        f"EXISTS (SELECT FROM data_migrations WHERE name = {name} AND finished_at IS NOT NULL)"
    )
    note = (
        "INSERT INTO data_migrations (name, status, started_at, finished_at, batch_size)"
        f" VALUES ({name}, 'DONE', now(), now(), {FIRST_BATCH}) ON CONFLICT (name) DO NOTHING;"
    )
    how = "`flask schema data run`" if is_kept else "`flask db downgrade`"
    return block(
        (
            f"EXISTS (SELECT FROM {table}){f' AND NOT {is_done}' if is_kept else ''}",
            f"{migration.name} moves the rows of {table} in batches, which no script does: "
            f"run {how}, then {PRINT_AGAIN}.",
        ),
        then=[note] if is_kept else [],
    )


def forgotten(migration: DataMigration) -> str:
    """The way back from a data migration, where no row was set aside."""
    name = _text(migration.name)
    return block(
        (
            "EXISTS (SELECT FROM data_migration_reports"
            f" WHERE migration = {name} AND outcome = 'SET_ASIDE')",
            f"{migration.name} has set rows aside, which no script brings back: "
            f"run `flask db downgrade`, then {PRINT_AGAIN}.",
        ),
        then=[
            f"DELETE FROM data_migrations WHERE name = {name};",
            f"DELETE FROM data_migration_reports WHERE migration = {name};",
        ],
    )


def block(*asked: tuple[str, str], then: list[str] | None = None) -> str:
    """A statement that raises the sentence of the first condition that holds."""
    lines = [
        f"  IF {condition} THEN\n    RAISE EXCEPTION USING MESSAGE = {_text(sentence)};\n  END IF;"
        for condition, sentence in asked
    ]
    body = "\n".join([*lines, *(f"  {line}" for line in then or [])])
    return f"DO $guard$ BEGIN\n{body}\nEND $guard$;"


def _is_elsewhere(revisions: tuple[str, ...]) -> tuple[str, str]:
    if not revisions:
        # Not asked of its rows: it stays, empty, when everything has gone back.
        return (
            "to_regclass('users') IS NOT NULL",
            f"The database has a schema already: {PRINT_AGAIN}.",
        )
    (revision,) = revisions
    return (
        "(SELECT array_agg(version_num::text) FROM alembic_version)"
        f" IS DISTINCT FROM ARRAY[{_text(revision)}]",
        f"The database is not at {revision}: {PRINT_AGAIN}.",
    )


def _loses(revision: Revision, loss: str) -> tuple[str, str]:
    return (
        f"EXISTS (SELECT FROM {loss})",
        f"Going back over {revision.id} would lose what is in {loss.split()[0]}. "
        "To lose them, print it with `-x lossy=yes`.",
    )


def _unfinished(name: str) -> Iterator[tuple[str, str]]:
    yield (
        "NOT EXISTS (SELECT FROM data_migrations"
        f" WHERE name = {_text(name)} AND finished_at IS NOT NULL)",
        f"The data migration {name} is not finished: `flask schema data run` first.",
    )
    yield (
        "EXISTS (SELECT FROM data_migration_reports"
        f" WHERE migration = {_text(name)} AND starts_with(reason, {_text(FAILED)}))",
        f"Rows of {name} could not be done: `flask schema report {name}` shows them.",
    )
    migration = history.data_migration(name)
    if migration and migration.undecided:
        yield (
            f"EXISTS ({migration.undecided.replace('%%', '%')})",
            f"Rows of {name} wait for a decision: `flask schema report {name}` shows them.",
        )


def _old_application(revision: str, oldest: str) -> tuple[str, str]:
    numbers = ", ".join(map(str, version_numbers(oldest)))
    return (
        "EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND application_name LIKE 'nxloy/%' AND (SELECT"
        " array_agg(one[1]::int ORDER BY place) FROM regexp_matches("
        "split_part(application_name, '/', 2), '\\d+', 'g') WITH ORDINALITY AS n (one, place))"
        f" < ARRAY[{numbers}])",
        f"An older version of the application is still connected; {revision} needs {oldest} or "
        "later everywhere. Stop it and load this again.",
    )


def _raised(revision: str, version: str) -> str:
    return (
        "IF to_regclass('application_floors') IS NOT NULL THEN INSERT INTO application_floors"
        f" (revision, version) VALUES ({_text(revision)}, {_text(version)})"
        " ON CONFLICT (revision) DO UPDATE SET version = excluded.version; END IF;"
    )


def _text(value: str) -> str:
    return sql.Literal(value).as_string(None)
