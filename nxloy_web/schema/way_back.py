"""The way back: what it would lose is asked before its first step, and what was begun is undone.

A place of a data migration belongs to one run of its expand. So the way back begins with what was
begun and never noted as done (a data migration in its middle, an expand that was cut short), and
wherever the database arrives, the places of all later data migrations are forgotten.
"""

from collections.abc import Iterable
from typing import Any

from alembic.runtime.migration import RevisionStep, StampStep
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ProgrammingError

from nxloy_web.db import floors
from nxloy_web.schema import begun, existing, history
from nxloy_web.schema.history import CONTRACT, Alike, Revision
from nxloy_web.schema.refusals import Refused

NOT_THERE = ("42P01", "42703")
"""A table, or a column, that only a later step of the way back brings again."""


def with_what_was_begun(connection: Connection, steps: list[Any], scripts: Any) -> list[Any]:
    """The steps of a way back, before them the one that undoes what was begun beyond this point."""
    revision = unfinished(connection)
    if revision is None:
        return steps
    if revision.phase == CONTRACT:
        raise Refused(
            f"{revision.id} was begun: finish it with `{history.COMMANDS[CONTRACT]}` first."
        )
    script = scripts.get_revision(revision.id)
    there = StampStep(script.down_revision, revision.id, True, False, scripts.revision_map)
    return [there, RevisionStep(scripts.revision_map, script, False), *steps]


def unfinished(connection: Connection) -> Revision | None:
    """The next revision, when it was begun: it has a place, or its first change was noted."""
    here, known = history.current(connection), history.revisions()
    place = next((i for i, revision in enumerate(known) if revision.id == here), None)
    if place is None or place + 1 == len(known):
        return None
    after = known[place + 1]
    step = begun.found(connection)
    if step and not step.is_way_back and step.revision == after.id:
        return after
    return after if after.migration and _has_place(connection, after.migration.name) else None


def refuse_going_up(connection: Connection) -> None:
    """Raises Refused when a way back was begun: it is finished, not turned round."""
    step = begun.found(connection)
    if step and step.is_way_back:
        raise Refused(was_begun(step))


def was_begun(step: begun.Step) -> str:
    return f"The way back over {step.revision} was begun. {advice(step.revision)}"


def advice(revision: str) -> str:
    """How a way back over a revision that was begun is finished."""
    known = [known.id for known in history.revisions()]
    before = known[known.index(revision) - 1] if known.index(revision) else "base"
    return f"`flask db downgrade {before}` finishes it."


def refuse_losses(connection: Connection, revisions: Iterable[Revision]) -> None:
    """Raises Refused when one of these steps would lose rows, or bring a rule again that rows break
    by now; unless the person has said that it may.

    What names a column that only a step on the way brings again is asked when its turn comes.
    """
    if history.may_lose():
        return
    saved = set[str]()
    for revision in revisions:
        saved.update(revision.down_saves)
        for loss in revision.down_loses:
            if loss not in saved and _is_there(connection, loss):
                raise Refused(
                    f"Going back over {revision.id} would lose what is in {loss.split()[0]}. "
                    "To lose them, say `flask db downgrade -x lossy=yes …`."
                )
        for broken in revision.down_breaks:
            if sentence := _broken(connection, broken):
                raise Refused(
                    f"{sentence} Going back over {revision.id} needs that rule again: put these "
                    "rows right, or say `flask db downgrade -x lossy=yes …`."
                )
        if revision.migration and (taken := _taken(connection, revision)):
            raise Refused(
                f"Rows that {revision.migration.name} set aside cannot go back to "
                f"{revision.migration.table}: there are others by their keys now ({taken})."
            )


def arrived(*, ctx: Any, step: Any, heads: set[str], run_args: object) -> None:
    """In the transaction that notes a step's end: nothing is begun, nothing after it has a place,
    and versions that only a later contract would have kept out may come."""
    if ctx.as_sql or step.is_stamp:
        return
    connection = ctx.connection
    if begun.found(connection):
        connection.exec_driver_sql(begun.NO_NOTE)
    if len(heads) > 1 or len(history.scripts().get_heads()) > 1:
        return  # no order says what is later
    known = history.revisions()
    ids = [revision.id for revision in known]
    here = max((ids.index(head) for head in heads), default=-1)
    floors.lower_floor(connection, *(r.id for r in known[here + 1 :] if r.min_app))
    later = [r.migration.name for r in known[here + 1 :] if r.migration]
    for table, condition in (
        ("data_migrations", "name = ANY(%(later)s)"),
        ("data_migration_reports", "migration = ANY(%(later)s) AND outcome = 'WAITING'"),
    ):
        if later and existing.has_column(table, "status" if "name" in condition else "outcome"):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {condition}", {"later": later})


def _has_place(connection: Connection, name: str) -> bool:
    return bool(
        connection.scalar(
            text("SELECT true FROM data_migrations WHERE name = :name"), {"name": name}
        )
    )


def _is_there(connection: Connection, rows: str) -> bool:
    return bool(_if_it_can_be_asked(connection, f"SELECT true FROM {rows} LIMIT 1"))


def _broken(connection: Connection, rule: str | Alike) -> str | None:
    if isinstance(rule, Alike):
        question = existing.question_of_those_alike(rule.table, rule.columns, rule.where)
        if (found := _if_it_can_be_asked(connection, question)) is None:
            return None
        return (
            f"{rule.table} cannot be unique by {', '.join(rule.columns)}: "
            f"{existing.named_alike(*found)}."
        )
    table, _, condition = rule.partition(" WHERE ")
    keys = ", ".join(existing.primary_key(table)) or "''"
    question = (
        f"SELECT string_agg(concat_ws('/', {keys}), ' and ') FROM"
        f" (SELECT * FROM {table} WHERE {condition} LIMIT 3) AS few HAVING count(*) > 0"
    )
    found = _if_it_can_be_asked(connection, question)
    return f"Rows of {table} break the rule NOT ({condition}): {found[0]}." if found else None


def _taken(connection: Connection, revision: Revision) -> str | None:
    """Keys of rows that were set aside, and that other rows have by now."""
    migration = revision.migration
    assert migration is not None
    same = sql.SQL(" AND ").join(
        sql.SQL("t.{column}::text = r.row ->> {name}").format(
            column=sql.Identifier(column), name=sql.Literal(column)
        )
        for column in migration.key
    )
    question = sql.SQL(
        "SELECT string_agg(r.row_key::text, ', ') FROM data_migration_reports r JOIN {} t ON {}"
        " WHERE r.migration = {} AND r.outcome = 'SET_ASIDE' HAVING count(*) > 0"
    ).format(sql.Identifier(migration.table), same, sql.Literal(migration.name))
    found = _if_it_can_be_asked(connection, question.as_string(None))
    return found[0] if found else None


def _if_it_can_be_asked(connection: Connection, question: str) -> Any:
    savepoint = connection.begin_nested()
    try:
        return connection.exec_driver_sql(question).one_or_none()
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) not in NOT_THERE:
            raise
        return None
    finally:
        savepoint.rollback()
