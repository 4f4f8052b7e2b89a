"""What stands around a page: navigation, figures beside it, toasts, the visitor's theme."""

import json
from functools import lru_cache
from typing import Any

from flask import g, get_flashed_messages, request, url_for
from flask_login import current_user
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.home import setup
from nxloy_web.permissions import Permission
from nxloy_web.web.edge import NxFlask
from nxloy_web.web.features import DeskPage, installed
from nxloy_web.web.filters import counted
from nxloy_web.web.places import Side, is_operator, side_of_request
from nxloy_web.web.sessions import is_of_portal
from nxloy_web.web.templates import NOTHING_AROUND

P = Permission


def init_app(app: NxFlask) -> None:
    app.around_page = around_page
    app.nav_counts = nav_counts
    app.context_processor(_globals)


def around_page() -> dict[str, Any]:
    """Context every whole page gets; its queries run in the page's read transaction."""
    place = g.get("place")
    if place is None:
        around = {"nav": _operator_nav()} if side_of_request() is Side.OPERATOR else {}
        return {"toasts": _toasts(), **around}
    if side_of_request() is not Side.DESK:
        return {"nav": _portal_nav(), "toasts": _toasts()}
    pages = _desk_pages()
    counts, done = _figures(pages)
    return {
        "nav": _desk_nav(pages, counts),
        "toasts": _toasts(),
        "setup": setup.checklist(done) if place.may(P.PROGRAMS_EDIT) else None,
    }


def nav_counts() -> dict[str, str]:
    """The figures of the navigation for a part of a page, by the addresses they lead to.

    A change brings them all. What only reads brings them where it is the page of such a figure:
    that list must never say another number than the navigation beside it.
    """
    if g.get("place") is None or side_of_request() is not Side.DESK:
        return {}
    columns = {page.endpoint: page.count for page in _desk_pages() if page.count is not None}
    if not columns or (request.method == "GET" and request.endpoint not in columns):
        return {}
    figures = db.session.execute(select(*columns.values())).one()
    return {
        _at(endpoint): _shown(figure) for endpoint, figure in zip(columns, figures, strict=True)
    }


def _shown(figure: int) -> str:
    return counted(figure) if figure else ""


def _globals() -> dict[str, Any]:
    place = g.get("place")
    links: dict[str, Any] = {
        "place": place,
        "can": lambda name: place is not None and place.may(Permission(name)),
        "new_id": new_id,
        "theme": request.cookies.get("theme", "") if request else "",
        # A form's token stands in the session of its side, so it is sent to an address there.
        "theme_url": url_for(f"preferences.theme{'_of_portal' if is_of_portal() else ''}"),
        "sign_out_url": url_for("identity.sign_out"),
    }
    if place is not None:
        links["theme_css"] = url_for("preferences.theme_css", hue=place.hue)
    if place is not None and side_of_request() is Side.DESK:
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
    return {**NOTHING_AROUND, **links}


def _operator_url() -> str | None:
    return url_for("schema.index") if is_operator() else None


def _at(endpoint: str) -> str:
    """The address of a page of this business that needs nothing else to be found."""
    return _address(request.script_root, g.place.slug, endpoint)


@lru_cache(4_096)
def _address(root: str, slug: str, endpoint: str) -> str:
    # The same twenty around every page: kept by all that `url_for` takes from the request.
    return url_for(endpoint)


def _desk_pages() -> list[DeskPage]:
    return [
        page for feature in installed() for page in feature.desk if g.place.may(page.permission)
    ]


def _figures(pages: list[DeskPage]) -> tuple[dict[str, int], list[bool]]:
    """The counts beside pages by endpoint, and which steps of the setup are done.

    One statement for all figures that stand around a page of the desk.
    """
    columns = {page.endpoint: page.count for page in pages if page.count is not None}
    figures = list(db.session.execute(select(*columns.values(), *setup.DONE)).one())
    return dict(zip(columns, figures, strict=False)), figures[len(columns) :]


def _desk_nav(pages: list[DeskPage], counts: dict[str, int]) -> list[dict[str, Any]]:
    here = request.blueprint
    return [
        {
            "section": page.section,
            "label": page.label,
            "icon": page.icon,
            "href": _at(page.endpoint),
            "current": page.endpoint.split(".")[0] == here,
            "count": _shown(counts[page.endpoint]) if page.endpoint in counts else None,
            "tab": page.tab,
        }
        for page in pages
    ]


def _portal_nav() -> list[dict[str, Any]]:
    if g.place.customer_id is None:
        return []
    return [
        {
            "label": page.label,
            "icon": page.icon,
            "href": url_for(page.endpoint),
            "current": request.endpoint == page.endpoint,
            "count": None,
        }
        for feature in installed()
        for page in feature.portal
    ]


def _operator_nav() -> list[dict[str, Any]]:
    return [
        {
            "section": page.section,
            "label": page.label,
            "icon": page.icon,
            "href": url_for(page.endpoint),
            "current": request.endpoint == page.endpoint,
            "count": None,
            "tab": True,
        }
        for feature in installed()
        for page in feature.operator
    ]


def _toasts() -> list[tuple[str, str, Any]]:
    shown = []
    flashed: list[Any] = get_flashed_messages(with_categories=True)
    for kind, message in flashed:
        toast = json.loads(message)
        shown.append((kind, toast["text"], toast["undo"]))
    return shown
