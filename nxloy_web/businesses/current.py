"""The business in scope, as services need it: its settings and its clock."""

from zoneinfo import ZoneInfo

from nxloy_web.businesses.models import Business
from nxloy_web.db import db
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import NotFound


def current_business() -> Business:
    """Read once a session; raises ScopeNeeded outside a business."""
    business = db.session.get(Business, current_business_id())
    if business is None:
        raise NotFound
    return business


def current_zone() -> ZoneInfo:
    return ZoneInfo(current_business().timezone)
