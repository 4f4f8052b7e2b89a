"""The features, in the order of the menu."""

from flask import Flask

from nxloy_web import events
from nxloy_web.approvals import feature as approvals
from nxloy_web.approvals import notices as approval_notices
from nxloy_web.audit import feature as audit
from nxloy_web.audit import service as audit_log
from nxloy_web.background import feature as background
from nxloy_web.businesses import feature as businesses
from nxloy_web.counter import feature as counter
from nxloy_web.customers import feature as customers
from nxloy_web.customers import letters
from nxloy_web.demo import feature as demo
from nxloy_web.entries import feature as entries
from nxloy_web.gallery import feature as gallery
from nxloy_web.home import feature as home
from nxloy_web.identity import feature as identity
from nxloy_web.imports import feature as imports
from nxloy_web.portal import feature as portal
from nxloy_web.programs import currency as earning_rules
from nxloy_web.programs import feature as programs
from nxloy_web.redemptions import feature as redemptions
from nxloy_web.redemptions import notices
from nxloy_web.rewards import feature as rewards
from nxloy_web.schema import feature as schema
from nxloy_web.search import feature as search
from nxloy_web.segments import currency as segment_rules
from nxloy_web.segments import feature as segments
from nxloy_web.views import feature as views
from nxloy_web.web.features import Feature, install

FEATURES: tuple[Feature, ...] = (
    home.FEATURE,
    counter.FEATURE,
    redemptions.FEATURE,
    customers.FEATURE,
    segments.FEATURE,
    programs.FEATURE,
    rewards.FEATURE,
    entries.FEATURE,
    imports.FEATURE,
    approvals.FEATURE,
    businesses.FEATURE,
    audit.FEATURE,
    background.FEATURE,
    portal.FEATURE,
    search.FEATURE,
    views.FEATURE,
    gallery.FEATURE,
    schema.FEATURE,
    identity.FEATURE,
    demo.FEATURE,
)


READERS: tuple[events.Reader, ...] = (
    audit_log.write_down,
    earning_rules.follow,
    segment_rules.follow,
    letters.welcome,
    notices.write_about,
    approval_notices.write_about,
)
"""Who hears what happens, in this order."""


def init_app(app: Flask) -> None:
    events.read_by(READERS)
    install(app, FEATURES)
