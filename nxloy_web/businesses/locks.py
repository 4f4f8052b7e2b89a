"""One at a time: changes that must keep at least one of something wait for each other."""

from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import NotFound
from nxloy_web.tables.businesses import Business


def locked_business() -> Business:
    """The business in scope, ours until the transaction ends.

    NO KEY UPDATE: rows that refer to the business can still be added meanwhile, so the counter
    does not wait for the settings page.
    """
    business = db.session.scalar(
        select(Business)
        .where(Business.id == current_business_id())
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if business is None:
        raise NotFound
    return business
