"""What stands around a page: navigation, figures beside it, toasts, the visitor's theme."""

import json
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, get_flashed_messages, request, url_for
from flask_login import current_user

from nxloy_web.businesses import setup
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Permission
from nxloy_web.redemptions import queries as redemptions

P = Permission


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


def init_app(app: Flask) -> None:
    app.context_processor(_globals)


def around_page() -> dict[str, Any]:
    """Context every whole page gets; its queries run in the page's read transaction."""
    place = g.get("place")
    if place is None:
        return {"toasts": _toasts()}
    return {
        "nav": _desk_nav() if g.side == "desk" else _portal_nav(),
        "toasts": _toasts(),
        "setup": _setup() if g.side == "desk" else None,
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
            "home_url": url_for("home.index"),
            "palette_url": url_for("search.palette"),
            "counter_url": url_for("counter.index") if place.may(P.POINTS_GIVE) else None,
            "switch_url": url_for("identity.places"),
            "account_url": url_for("identity.account"),
        }
    elif place is not None:
        links |= {
            "home_url": url_for("portal.card" if place.customer_id else "portal.front"),
            "sign_out_url": url_for("portal.sign_out"),
        }
    elif current_user and current_user.is_authenticated:
        links["account_url"] = url_for("identity.account")
    return links


def _desk_nav() -> list[dict[str, Any]]:
    here = request.blueprint
    return [
        {
            "section": item.section,
            "label": item.label,
            "icon": item.icon,
            "href": url_for(item.endpoint),
            "current": item.endpoint.split(".")[0] == here,
            "count": redemptions.pending_count() if item.counts_pending else None,
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


def _setup() -> dict[str, Any] | None:
    if not g.place.may(P.PROGRAMS_EDIT):
        return None
    return setup.checklist()


def _toasts() -> list[tuple[str, str, Any]]:
    shown = []
    flashed: list[Any] = get_flashed_messages(with_categories=True)
    for kind, message in flashed:
        toast = json.loads(message)
        shown.append((kind, toast["text"], toast["undo"]))
    return shown
