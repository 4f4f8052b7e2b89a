"""Entering a business from a page that has none in its address: sign-up, an invitation."""

from collections.abc import Iterator
from contextlib import contextmanager

from nxloy_web.db import db
from nxloy_web.db.scope import enter_scope


@contextmanager
def entered(business_id: str) -> Iterator[None]:
    """Work in a business and commit, as the edge does for pages of a business.

    The commit stands here because the edge's own comes after the scope is left.
    """
    with enter_scope(business_id):
        try:
            yield
            db.session.commit()
        except BaseException:
            db.session.rollback()
            raise
