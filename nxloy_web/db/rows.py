"""Single rows: find a living one, make one exactly once, bring a deleted one back.

Creating forms carry the id of the row they make; pressing twice finds the first row. The same id
with other contents is another wish: it is refused, and never answered with the first row.
"""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Insert, Update, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from nxloy_web.db import db
from nxloy_web.db.base import SoftDeleteMixin, TenantMixin
from nxloy_web.db.facts import differing
from nxloy_web.db.refusals import refusing
from nxloy_web.db.session import WITH_DELETED, NxSession, history
from nxloy_web.db.tenant import current_business_id
from nxloy_web.errors import BusinessRule, FormUsed, NotFound

Row = TypeVar("Row", bound=TenantMixin)


def find(model: type[Row], row_id: str, *, lock: bool = False, deleted_too: bool = False) -> Row:
    """The living row of this id in the business in scope. Raises NotFound.

    With `lock` the row stays ours until the transaction ends, and is read afresh: a copy from
    before the wait would hide what the other one did.
    """
    statement = select(model).where(model.id == row_id)
    if lock:
        statement = statement.with_for_update(of=model).execution_options(populate_existing=True)
    row = db.session.scalar(history(statement) if deleted_too else statement)
    if row is None:
        raise NotFound
    return row


def already(model: type[Row], row_id: str, **contents: Any) -> Row | None:
    """The row an earlier press of the same form made, if any.

    Raises FormUsed when that row differs from the contents of this press.
    """
    row = db.session.get(model, (current_business_id(), row_id))
    if row is not None and differing(row, contents)[1]:
        raise FormUsed
    return row


def insert_once(row: Row, *, drawn: Collection[str] = ()) -> tuple[Row, bool]:
    """Insert `row`; when a row with its id is there already, return that one and False.

    Raises FormUsed when that row has other contents. `drawn` names the columns that no form
    says: they are made anew at each press.

    The insert runs in a savepoint: of two presses at the same moment the second waits for the
    first to commit, fails on the primary key, and reads the first one's row. Any other broken
    constraint is raised.
    """
    row_id = row.id
    contents = {name: value for name, value in _set_on(row).items() if name not in drawn}
    found = already(type(row), row_id, **contents) if row_id else None
    if found is not None:
        return found, False
    try:
        with db.session.begin_nested():
            db.session.add(row)
            db.session.flush()
    except IntegrityError:
        found = already(type(row), row_id, **contents) if row_id else None
        if found is None:
            raise
        return found, False
    return row, True


def _set_on(row: Row) -> dict[str, Any]:
    """The values a new row was made with."""
    return {name: value for name, value in vars(row).items() if not name.startswith("_sa_")}


def bring_back(
    row: SoftDeleteMixin, taken_meanwhile: Mapping[str, BusinessRule] | None = None
) -> bool:
    """Restore a deleted row and exactly the children that were deleted with it; False when it
    lives already.

    A living row may have taken its name meanwhile: `taken_meanwhile` has the refusal by the
    constraint that says so. Find the row locked, so that two who restore it take turns.
    """
    if not row.is_deleted:
        return False
    session = db.session()
    assert isinstance(session, NxSession)
    with refusing(taken_meanwhile or {}):
        session.restore(row)
    return True


def write_past_version(row: TenantMixin, also: Insert | None = None, /, **values: Any) -> None:
    """Write what nobody edits, a stock or a count, and leave the version as it is: whoever has
    the row's form open must not be told that somebody changed it.

    A value may be an expression, which the row reads when it is asked for. `also` is a row that
    says why, written with the same statement.
    """
    _write(type(row), row.id, values, also)
    for name, value in values.items():
        if isinstance(value, ClauseElement):
            db.session.expire(row, [name])
        else:
            set_committed_value(row, name, value)


def add_up(model: type[Row], row_id: str, **expressions: Any) -> None:
    """The same for a row that was not read: figures that SQL adds up."""
    _write(model, row_id, expressions)
    key = identity_key(model, (current_business_id(), row_id))
    if key in db.session.identity_map:
        db.session.expire(db.session.identity_map[key], list(expressions))


def _write(
    model: type[Row], row_id: str, values: Mapping[str, Any], also: Insert | None = None
) -> None:
    statement: Update | Insert = (
        update(model)
        .where(model.business_id == current_business_id(), model.id == row_id)
        .values(**values)
    )
    if also is not None:
        statement = also.add_cte(statement.cte("written"))
    db.session.execute(
        statement, execution_options={WITH_DELETED: True, "synchronize_session": False}
    )
