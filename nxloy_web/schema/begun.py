"""The step that was begun and has not ended: noted in the database with the first thing it changes.

The note is the comment of `alembic_version`. It is written in the transaction of the first change
and goes in the one that notes the step's end, so a step without a note has changed nothing, and
whoever comes after a killed one knows what there is to finish. A contract that was begun is not
aborted; a way back that was begun is not turned round: what kept old and new equal may be gone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

BACK = "back over "


@dataclass
class Step:
    """One revision on its way up or back; `noted` when it has begun to change something."""

    revision: str
    is_way_back: bool
    noted: bool = False

    @property
    def note(self) -> str:
        name = f"{BACK if self.is_way_back else ''}{self.revision}"
        return f"COMMENT ON TABLE alembic_version IS '{name}'"


AT_WORK: ContextVar[Step | None] = ContextVar("step at work", default=None)
NO_NOTE = "COMMENT ON TABLE alembic_version IS NULL"


def found(connection: Connection) -> Step | None:
    """What was begun and has not ended in this database."""
    said: str | None = connection.scalar(
        text("SELECT obj_description(to_regclass('alembic_version'), 'pg_class')")
    )
    if not said:
        return None
    return Step(said.removeprefix(BACK), said.startswith(BACK), noted=True)


def is_noted(connection: Connection, revision: str) -> bool:
    """Whether it is this revision that was begun."""
    step = found(connection)
    return step is not None and step.revision == revision


def note() -> str | None:
    """The statement that notes the step at work; None when there is none, or it is noted."""
    step = AT_WORK.get()
    return step.note if step and not step.noted else None


def noted() -> None:
    """The note has been written."""
    if step := AT_WORK.get():
        step.noted = True


@contextmanager
def noting(connection: Any) -> Iterator[None]:
    """Around a change that is not one transaction. When it fails it has changed nothing (or says
    otherwise by `noted`), and the note goes again."""
    statement = note()
    if statement:
        connection.exec_driver_sql(statement)
    try:
        yield
    except Exception:
        step = AT_WORK.get()
        if statement and step and not step.noted:
            connection.exec_driver_sql(NO_NOTE)
        raise
    noted()


def undone(connection: Any) -> None:
    """The step has taken back all it did: nothing is begun any more."""
    step = AT_WORK.get()
    if step and step.noted:
        connection.exec_driver_sql(NO_NOTE)
        step.noted = False
