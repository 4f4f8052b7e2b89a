"""Entering a business: one context manager around a whole request, job or export."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from nxloy_web.db import db
from nxloy_web.db.tenant import (
    ScopeNeeded,
    business_in_context,
    business_in_scope,
    current_business_id,
)

__all__ = ["ScopeNeeded", "business_in_scope", "current_business_id", "enter_scope"]

_ID = re.compile(r"^[a-z0-9]{2,32}$")


@contextmanager
def enter_scope(business_id: str) -> Iterator[None]:
    """Work for one business until the block ends.

    The tenant is set when a transaction begins, so none may be open on the way in: it would
    go on without a tenant, or with another's, and silently find nothing.
    """
    if not _ID.match(business_id):
        raise ValueError("not a business id")
    if db.session().in_transaction():
        raise RuntimeError("a transaction is open; enter the business before the first statement")
    token = business_in_context.set(business_id)
    try:
        yield
    finally:
        db.session.remove()
        business_in_context.reset(token)
