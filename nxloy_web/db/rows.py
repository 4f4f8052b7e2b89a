"""Single rows: find a living one, or make one exactly once.

Creating forms carry the id of the row they make; pressing twice finds the first row.
"""

from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from nxloy_web.db import db
from nxloy_web.db.base import SoftDeleteMixin, TenantMixin
from nxloy_web.db.session import NxSession
from nxloy_web.db.tenant import current_business_id
from nxloy_web.errors import NotFound

Row = TypeVar("Row", bound=TenantMixin)


def find(model: type[Row], row_id: str, *, lock: bool = False) -> Row:
    """The living row of this id in the business in scope. Raises NotFound.

    With `lock` the row stays ours until the transaction ends, and is read afresh: a copy from
    before the wait would hide what the other one did.
    """
    statement = select(model).where(model.id == row_id)
    if lock:
        statement = statement.with_for_update(of=model).execution_options(populate_existing=True)
    row = db.session.scalar(statement)
    if row is None:
        raise NotFound
    return row


def already(model: type[Row], row_id: str) -> Row | None:
    """The row an earlier press of the same form made, if any."""
    return db.session.get(model, (current_business_id(), row_id))


def insert_once(row: Row) -> tuple[Row, bool]:
    """Insert `row`; when a row with its id is there already, return that one and False.

    The insert runs in a savepoint: of two presses at the same moment the second waits for the
    first to commit, fails on the primary key, and reads the first one's row. Any other broken
    constraint is raised.
    """
    row_id = row.id
    found = already(type(row), row_id) if row_id else None
    if found is not None:
        return found, False
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        found = already(type(row), row_id) if row_id else None
        if found is None:
            raise
        return found, False
    return row, True


def restore(row: SoftDeleteMixin) -> None:
    """Bring back a deleted row and exactly the children that were deleted with it.

    Flush afterwards and catch IntegrityError: a living row may have taken the name meanwhile.
    """
    session = db.session()
    assert isinstance(session, NxSession)
    session.restore(row)
