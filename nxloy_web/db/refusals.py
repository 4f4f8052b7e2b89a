"""The database's last word, turned into sentences."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy.exc import IntegrityError

from nxloy_web.db import db
from nxloy_web.errors import BusinessRule, Stale


@contextmanager
def refusing(by_constraint: Mapping[str, BusinessRule]) -> Iterator[None]:
    """Flush what the block changed; a broken constraint of the map raises its refusal.

    In a savepoint: asking first would miss what somebody else saves in the same moment, and
    after the refusal the transaction can still read what a page needs.
    """
    try:
        with db.session.begin_nested():
            yield
            db.session.flush()
    except IntegrityError as error:
        diagnosis = getattr(error.orig, "diag", None)
        refusal = by_constraint.get(getattr(diagnosis, "constraint_name", None) or "")
        if refusal is None:
            raise
        raise refusal from error


def check_version(row: Any, version: int | None) -> None:
    """Raise Stale when the row is no longer as it was when the form was drawn."""
    if row.version != version:
        raise Stale
