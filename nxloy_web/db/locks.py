"""Which rows this transaction has locked already, so that a lock is asked for once.

Services that move points or stock each lock what they change, whoever called them. The mark says
that the row is held and was read under its lock; it ends with the transaction, or with the
savepoint it was taken in.
"""

from typing import Any, TypeVar

from sqlalchemy import inspect

from nxloy_web.db import db

Row = TypeVar("Row")


def held(row: Row) -> Row:
    """Mark a row that has just been read FOR UPDATE."""
    _notes(row)["locked_in"] = _transaction()
    return row


def is_held(row: object) -> bool:
    locked_in = _notes(row).get("locked_in")
    return locked_in is not None and locked_in is _transaction()


def _notes(row: object) -> dict[Any, Any]:
    notes: dict[Any, Any] = inspect(row).info
    return notes


def _transaction() -> object | None:
    session = db.session()
    return session.get_nested_transaction() or session.get_transaction()
