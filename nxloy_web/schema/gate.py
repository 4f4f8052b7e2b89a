"""What is asked before a revision runs, by `flask db` and `flask schema` alike."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.db import floors
from nxloy_web.schema import guards, history, line, runner
from nxloy_web.schema.connecting import driver, migrator
from nxloy_web.schema.history import CONTRACT, EXPAND, Revision
from nxloy_web.schema.refusals import Refused
from nxloy_web.version import VERSION, version_numbers

Steps = Callable[..., Iterable[Any]]


def gated(steps: Steps) -> Steps:
    """The same steps, each asked for just before it runs (an earlier one may open the gate)."""

    def one_by_one(heads: Any, context: Any) -> Iterator[Any]:
        if len(heads) < 2:  # else the way back is what mends it
            line.refuse_two(context.environment_context.script, heads)
        for step in steps(heads, context):
            revision = getattr(step, "revision", None)
            if revision is None:
                yield step
                continue
            described = history.described(revision.module)
            if context.as_sql:
                yield from _printed(step, described, context)
                continue
            if step.is_upgrade:
                _refuse_up(context.connection, described)
            elif refusal := _why_not_back(context.connection, described):
                raise Refused(refusal)
            if described.phase == CONTRACT:
                _remember(context.connection, described.id if step.is_upgrade else None)
            yield step
            if described.phase == CONTRACT and not step.is_upgrade:
                _lower(described)

    return one_by_one


def _printed(step: Any, revision: Revision, context: Any) -> Iterator[Any]:
    """The same questions, printed around the step."""
    context.impl.static_output(guards.before(step, revision))
    yield step
    if last := guards.after(step, revision):
        context.impl.static_output(last)


def _refuse_up(connection: Connection, revision: Revision) -> None:
    """The floor first, then the question who is there: an old process that comes in between
    meets the floor."""
    floor = revision.min_app if revision.phase == CONTRACT else None
    if floor is not None:
        with migrator("floor") as own:
            floors.raise_floor(own, revision.id, floor)
            own.commit()
    refusal = why_not(connection, revision)
    if refusal is None:
        return
    if floor is not None and begun(connection) != revision.id:
        _lower(revision)
    raise Refused(refusal)


def _lower(revision: Revision) -> None:
    with migrator("floor") as own:
        floors.lower_floor(own, revision.id)
        own.commit()


def why_not(connection: Connection, revision: Revision) -> str | None:
    """Why a revision may not run now; None when it may."""
    if revision.phase == EXPAND:
        return None
    unfinished = (_unfinished(connection, name) for name in revision.needs)
    return next(filter(None, unfinished), None) or _old_application(connection, revision)


def begun(connection: Connection) -> str | None:
    """The contract step that was begun last; one that was cut short is to be finished."""
    found: str | None = connection.scalar(
        text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
    )
    return found


def _remember(connection: Connection, name: str | None) -> None:
    comment = f"'{name}'" if name else "NULL"
    connection.execute(text(f"COMMENT ON TABLE alembic_version IS {comment}"))


def _unfinished(connection: Connection, name: str) -> str | None:
    # Not by its status, which the application may set.
    finished = connection.scalar(
        text("SELECT finished_at FROM data_migrations WHERE name = :name"), {"name": name}
    )
    if not finished:
        return f"The data migration {name} is not finished: `flask schema data run` first."
    migration = history.data_migration(name)
    waiting = runner.waiting(driver(connection), migration) if migration else 0
    if waiting:
        return (
            f"{waiting:,} row{'s' if waiting > 1 else ''} of {name} wait for a decision: "
            f"`flask schema data retry {name}` looks again, `flask schema report {name}` shows "
            "them. Put them right and run this again."
        )
    return None


def _old_application(connection: Connection, revision: Revision) -> str | None:
    if revision.min_app is None:
        return None
    if floors.is_too_old(revision.min_app):
        return f"{revision.id} is run by version {revision.min_app} or later; this is {VERSION}."
    names = connection.scalars(
        text(
            "SELECT DISTINCT application_name FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE 'nxloy/%'"
            " AND pid <> pg_backend_pid()"
        )
    )
    oldest = version_numbers(revision.min_app)
    old = sorted(name for name in names if version_numbers(name.split("/")[1]) < oldest)
    if not old:
        return None
    return (
        f"An older version of the application is still connected ({', '.join(old)}); "
        f"{revision.id} needs {revision.min_app} or later everywhere. Stop it and run this again."
    )


def _why_not_back(connection: Connection, revision: Revision) -> str | None:
    if history.may_lose():
        return None
    for loss in revision.down_loses:
        if connection.scalar(text(f"SELECT true FROM {loss} LIMIT 1")):
            return (
                f"Going back over {revision.id} would lose what is in {loss.split()[0]}. "
                "To lose them, say `flask db downgrade -x lossy=yes …`."
            )
    return None
