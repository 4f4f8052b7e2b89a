"""What is asked before a revision runs, by `flask db` and `flask schema` alike."""

from collections.abc import Callable, Iterable, Iterator
from itertools import zip_longest
from typing import Any

from alembic.runtime.migration import StampStep
from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.db import floors
from nxloy_web.schema import begun, guards, history, line, runner, way_back
from nxloy_web.schema.connecting import driver, migrator
from nxloy_web.schema.history import CONTRACT, EXPAND, Revision
from nxloy_web.schema.refusals import Refused
from nxloy_web.version import VERSION, version_numbers

Steps = Callable[..., Iterable[Any]]


def gated(steps: Steps) -> Steps:
    """The same steps, each asked for just before it runs (an earlier one may open the gate); what
    the whole way back would lose is asked before its first step."""

    def one_by_one(heads: Any, context: Any) -> Iterator[Any]:
        if len(heads) < 2:  # else the way back is what mends it
            line.refuse_two(context.environment_context.script, heads)
        if context.as_sql:
            for step in steps(heads, context):
                yield from _printed(step, context)
            return
        history.AT_HAND.set(context.environment_context.script)
        try:
            for step in _asked(list(steps(heads, context)), context, len(heads)):
                yield step
                begun.AT_WORK.set(None)
        finally:
            begun.AT_WORK.set(None)
            history.AT_HAND.set(None)

    return one_by_one


def _printed(step: Any, context: Any) -> Iterator[Any]:
    """The same questions, printed around the step."""
    if not hasattr(step, "revision"):
        yield step
        return
    revision = _described(step)
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
    if floor is not None and not begun.is_noted(connection, revision.id):
        with migrator("floor") as own:
            floors.lower_floor(own, revision.id)
            own.commit()
    raise Refused(refusal)


def _asked(steps: list[Any], context: Any, heads: int) -> Iterator[Any]:
    if _goes_back(steps):
        if heads < 2:
            scripts = context.environment_context.script
            steps = way_back.with_what_was_begun(context.connection, steps, scripts)
        going = [_described(step) for step in steps if not step.is_upgrade]
        way_back.refuse_losses(context.connection, going)
    elif steps and hasattr(steps[0], "revision"):
        way_back.refuse_going_up(context.connection)
    for step, after in zip_longest(steps, steps[1:]):
        if isinstance(step, StampStep) and after is not None:
            # The step after it undoes what was begun: from here on only that is right.
            context.connection.exec_driver_sql(begun.Step(_described(after).id, True).note)
        elif hasattr(step, "revision"):
            revision = _described(step)
            if step.is_upgrade:
                _refuse_up(context.connection, revision)
            else:
                way_back.refuse_losses(context.connection, [revision])
            begun.AT_WORK.set(begun.Step(revision.id, is_way_back=not step.is_upgrade))
        yield step


def _goes_back(steps: list[Any]) -> bool:
    if not steps:
        return history.undoes_what_was_begun()
    return hasattr(steps[0], "revision") and not steps[0].is_upgrade


def _described(step: Any) -> Revision:
    return history.described(step.revision.module)


def why_not(connection: Connection, revision: Revision) -> str | None:
    """Why a revision may not run now; None when it may."""
    if revision.phase == EXPAND:
        return None
    unfinished = (_unfinished(connection, name) for name in revision.needs)
    return next(filter(None, unfinished), None) or _old_application(connection, revision)


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
