"""The business in scope, as services need it: its settings and its clock."""

from zoneinfo import ZoneInfo

from nxloy_web.db import db
from nxloy_web.db.scope import current_business_id
from nxloy_web.errors import NotFound
from nxloy_web.tables.businesses import Business
from nxloy_web.wording import Wording, wording
from nxloy_web.zones import country_of


def current_business() -> Business:
    """Read once a session; raises ScopeNeeded outside a business."""
    session = db.session()
    business = session.get(Business, current_business_id())
    if business is None:
        raise NotFound
    session.info["business"] = business  # a session forgets the rows that nobody else holds
    return business


def current_zone() -> ZoneInfo:
    return ZoneInfo(current_business().timezone)


def home_region() -> str | None:
    """The country whose numbers people type without a country code: that of the clock."""
    return country_of(current_business().timezone)


def current_wording() -> Wording:
    """How this business writes figures, days and moments."""
    business = current_business()
    return wording(business.timezone, business.locale)
