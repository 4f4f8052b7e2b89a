"""What stands around a page: navigation, figures beside it, toasts, the visitor's theme."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flask import g, get_flashed_messages, request, url_for
from flask_login import current_user
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.home import setup
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import queries as redemptions
from nxloy_web.web.edge import NxFlask
from nxloy_web.web.places import is_operator

P = Permission
_BESIDE = select(redemptions.PENDING, *setup.DONE)
"""One statement for the figures that stand around every page of the desk."""


@dataclass(frozen=True)
class NavItem:
    section: str
    label: str
    icon: str
    endpoint: str
    permission: Permission
    tab: bool = False
    counts_pending: bool = False


DESK_NAV = (
    NavItem("", "Home", "house", "home.index", P.HOME, tab=True),
    NavItem("", "Counter", "scan-line", "counter.index", P.POINTS_GIVE),
    NavItem(
        "",
        "Redemptions",
        "inbox",
        "redemptions.index",
        P.REDEMPTIONS_VIEW,
        tab=True,
        counts_pending=True,
    ),
    NavItem("", "Customers", "users", "customers.index", P.CUSTOMERS_VIEW, tab=True),
    NavItem("", "Segments", "list-filter", "segments.index", P.SEGMENTS_VIEW),
    NavItem("Program", "Programs & tiers", "layers", "programs.index", P.PROGRAMS_VIEW),
    NavItem("Program", "Rewards", "gift", "rewards.index", P.REWARDS_VIEW, tab=True),
    NavItem("Program", "Points ledger", "coins", "ledger.index", P.LEDGER_VIEW),
    NavItem("Program", "Imports", "upload", "imports.index", P.IMPORTS_VIEW),
    NavItem("Business", "Settings", "settings", "businesses.settings", P.BUSINESS_EDIT),
    NavItem("Business", "Team", "user", "team.index", P.TEAM_EDIT),
    NavItem("Business", "Locations", "store", "locations.index", P.LOCATIONS_EDIT),
    NavItem("Business", "Audit log", "history", "audit.index", P.AUDIT_VIEW),
    NavItem("Business", "Background work", "activity", "background.index", P.JOBS_VIEW),
)

PORTAL_NAV = (
    ("Card", "wallet", "portal.card"),
    ("Rewards", "gift", "portal.rewards"),
    ("History", "history", "portal.history"),
    ("Profile", "user", "portal.profile"),
)

OPERATOR_NAV = (
    ("Installation", "Schema", "database", "schema.index"),
    ("You", "Businesses", "store", "identity.places"),
    ("You", "Account", "user", "identity.account"),
)


def init_app(app: NxFlask) -> None:
    app.around_page = around_page
    app.context_processor(_globals)


def around_page() -> dict[str, Any]:
    """Context every whole page gets; its queries run in the page's read transaction."""
    place = g.get("place")
    if place is None:
        around = {"nav": _operator_nav()} if g.get("side") == "operator" else {}
        return {"toasts": _toasts(), **around}
    if g.side != "desk":
        return {"nav": _portal_nav(), "toasts": _toasts()}
    pending, *done = db.session.execute(_BESIDE).one()
    return {
        "nav": _desk_nav(pending),
        "toasts": _toasts(),
        "setup": setup.checklist(done) if place.may(P.PROGRAMS_EDIT) else None,
    }


def _globals() -> dict[str, Any]:
    place = g.get("place")
    links: dict[str, Any] = {
        "place": place,
        "can": lambda name: place is not None and place.may(Permission(name)),
        "new_id": new_id,
        "theme": request.cookies.get("theme", "") if request else "",
        "theme_url": url_for("preferences.theme"),
        "sign_out_url": url_for("identity.sign_out"),
    }
    if place is not None:
        links["theme_css"] = url_for("preferences.theme_css", hue=place.hue)
    if place is not None and g.side == "desk":
        links |= {
            "home_url": _at("home.index"),
            "palette_url": _at("search.palette"),
            "counter_url": _at("counter.index") if place.may(P.POINTS_GIVE) else None,
            "switch_url": _at("identity.places"),
            "account_url": _at("identity.account"),
            "operator_url": _operator_url(),
        }
    elif place is not None:
        links |= {
            "home_url": url_for("portal.card" if place.customer_id else "portal.front"),
            "sign_out_url": url_for("portal.sign_out"),
        }
    elif current_user and current_user.is_authenticated:
        links |= {
            "account_url": url_for("identity.account"),
            "user_name": current_user.name,
            "operator_url": _operator_url(),
        }
    return links


def _operator_url() -> str | None:
    return url_for("schema.index") if is_operator() else None


def _at(endpoint: str) -> str:
    """The address of a page of this business that needs nothing else to be found."""
    return _address(request.script_root, g.slug, endpoint)


@lru_cache(4_096)
def _address(root: str, slug: str, endpoint: str) -> str:
    # The same twenty around every page: kept by all that `url_for` takes from the request.
    return url_for(endpoint)


def _desk_nav(pending: int) -> list[dict[str, Any]]:
    here = request.blueprint
    return [
        {
            "section": item.section,
            "label": item.label,
            "icon": item.icon,
            "href": _at(item.endpoint),
            "current": item.endpoint.split(".")[0] == here,
            "count": pending if item.counts_pending else None,
            "tab": item.tab,
        }
        for item in DESK_NAV
        if g.place.may(item.permission)
    ]


def _portal_nav() -> list[dict[str, Any]]:
    if g.place.customer_id is None:
        return []
    return [
        {
            "label": label,
            "icon": icon,
            "href": url_for(endpoint),
            "current": request.endpoint == endpoint,
            "count": None,
        }
        for label, icon, endpoint in PORTAL_NAV
    ]


def _operator_nav() -> list[dict[str, Any]]:
    return [
        {
            "section": section,
            "label": label,
            "icon": icon,
            "href": url_for(endpoint),
            "current": request.endpoint == endpoint,
            "tab": True,
        }
        for section, label, icon, endpoint in OPERATOR_NAV
    ]


def _toasts() -> list[tuple[str, str, Any]]:
    shown = []
    flashed: list[Any] = get_flashed_messages(with_categories=True)
    for kind, message in flashed:
        toast = json.loads(message)
        shown.append((kind, toast["text"], toast["undo"]))
    return shown
