"""Where a request stands: the business in the URL, and the visitor's part in it."""

import enum
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, current_app, g, request
from flask_login import current_user

from nxloy_web.actors import Actor
from nxloy_web.db import doors
from nxloy_web.db.doors import Front
from nxloy_web.errors import NotAllowed, NotFound, Refusal, SignInNeeded
from nxloy_web.marks import Mark, View
from nxloy_web.permissions import Permission, Role, allows, needed_by
from nxloy_web.web.counter_location import location_here
from nxloy_web.web.links import local_path

STAFF = "staff"
PORTAL = "portal"

_BUSINESS_IN_PATH = re.compile(r"/([bp])/([a-z0-9-]+)(?:[/?]|$)")

_sides: dict[str, "Side"] = {}
_open: Mark[bool] = Mark()


class Side(enum.Enum):
    """Whose pages a blueprint holds."""

    DESK = "desk"
    PORTAL = "portal"
    OPERATOR = "operator"


@dataclass(frozen=True)
class Place(Front):
    """A business as the visitor of this request sees it."""

    user_id: str | None = None
    user_name: str = ""
    email: str = ""
    role: Role | None = None
    customer_id: str | None = None

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)


def desk(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of pages for the team, at /b/<slug><path>."""
    return _inside(Blueprint(name, import_name, url_prefix=f"/b/<slug>{path}"), Side.DESK)


def portal(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of pages for customers, at /p/<slug><path>."""
    return _inside(Blueprint(name, import_name, url_prefix=f"/p/<slug>{path}"), Side.PORTAL)


def operator(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of pages for the installation's operator, at /operator<path>.

    They stand outside of every business: nothing of a tenant can be read there.
    """
    blueprint = Blueprint(name, import_name, url_prefix=f"/operator{path}")
    _sides[name] = Side.OPERATOR

    @blueprint.before_request
    def only_operators() -> None:
        if not current_user.is_authenticated:
            raise SignInNeeded
        if not is_operator():
            raise NotFound

    return blueprint


def is_operator() -> bool:
    """Whether the visitor runs this installation and has signed in with a password."""
    visitor = current_user
    return bool(visitor.is_authenticated and visitor.audience == STAFF and visitor.is_operator)


def open_to_all(view: View) -> View:
    """Mark a portal view that anybody may see, signed in or not."""
    return _open.put(view, True)


def is_open_to_all(view: Callable[..., Any] | None) -> bool:
    return _open.of(view) is True


def side_of(blueprint: str) -> Side | None:
    """Whose pages a blueprint holds; None for pages that belong to no side."""
    return _sides.get(blueprint)


def side_of_request() -> Side | None:
    if not request:
        return None
    lost: Side | None = g.get("side_of_the_lost")
    return lost or side_of(request.blueprint or "")


def slug_of_request() -> str | None:
    """The business in the address, known or not."""
    slug: str | None = g.get("slug")
    return slug


def place_of_request(view: Any) -> Place | None:
    """Find the business of the URL and check the visitor against the view.

    A stranger gets NotFound, so nothing tells that the business exists; somebody of the team
    without the right gets NotAllowed.
    """
    slug = slug_of_request()
    if slug is None:
        return None
    if side_of_request() is Side.DESK:
        return _desk_place(slug, view)
    return _portal_place(slug, view)


def place_of_refusal() -> Place | None:
    """Where the page of a refusal stands, also when the request came no further than its address.

    None for somebody who has no part in the business, and for a business that strangers may not
    see: to them it is not there.
    """
    if slug_of_request() is None:
        return _place_of_the_lost()
    try:
        return place_of_request(current_app.view_functions.get(request.endpoint or ""))
    except Refusal:
        found: Place | None = g.get("place")
        return found


def _place_of_the_lost() -> Place | None:
    """There is no page at this address. It names a business, or the visitor came from one, or has
    only one."""
    came_from = (request.referrer or "").removeprefix(request.host_url.rstrip("/"))
    visitor = current_user if current_user.is_authenticated else None
    for side, slug in (
        *_BUSINESS_IN_PATH.findall(request.path)[:1],
        *_BUSINESS_IN_PATH.findall(local_path(came_from) or "")[:1],
        *(_only_business(visitor) if visitor else ()),
    ):
        place = _place_there(Side.DESK if side == "b" else Side.PORTAL, slug, visitor)
        if place is not None:
            return place
    return None


def _only_business(visitor: Any) -> list[tuple[str, str]]:
    is_team = visitor.audience == STAFF
    found = [
        ("b" if is_team else "p", one.slug)
        for one in doors.places_of(visitor.user_id)
        if (one.role if is_team else one.customer_id) is not None
    ]
    return found if len(found) == 1 else []


def _place_there(side: Side, slug: str, visitor: Any | None) -> Place | None:
    found = doors.enter(visitor.user_id, slug) if visitor is not None else None
    person, front = found if found is not None else (None, None)
    if not _is_inside(side, visitor, person) and side is Side.PORTAL:
        person, front = None, doors.front(slug)
        front = front if front is not None and front.is_confirmed else None
    if front is None or (side is Side.DESK and not _is_inside(side, visitor, person)):
        return None
    g.slug, g.side_of_the_lost = slug, side
    return _place(front, person)


def _is_inside(side: Side, visitor: Any | None, person: doors.Person | None) -> bool:
    if visitor is None or person is None:
        return False
    if side is Side.DESK:
        return visitor.audience == STAFF and person.role is not None
    return person.customer_id is not None


def actor_of(place: Place) -> Actor:
    customer = side_of_request() is Side.PORTAL
    return Actor(
        kind="customer" if customer else "team",
        user_id=place.user_id,
        role=None if customer else place.role,
        customer_id=place.customer_id,
        location_id=None if customer else location_here(place.business_id),
        request_id=g.get("request_id"),
    )


def _desk_place(slug: str, view: Any) -> Place:
    if not current_user.is_authenticated or current_user.audience != STAFF:
        raise SignInNeeded
    front: Front | None = current_user.front
    if front is None or current_user.role is None:
        raise NotFound
    place = _place(front, current_user)
    permission = needed_by(view)
    if permission is None or not place.may(permission):
        g.place = place  # the refusal stands inside the desk
        raise NotAllowed
    return place


def _portal_place(slug: str, view: Any) -> Place:
    if current_user.is_authenticated and current_user.front is not None:
        if current_user.customer_id is None and not is_open_to_all(view):
            raise SignInNeeded
        return _place(current_user.front, current_user)
    front = doors.front(slug)
    if front is None or not front.is_confirmed:
        raise NotFound
    if not is_open_to_all(view):
        raise SignInNeeded
    return _place(front, None)


def _place(front: Front, user: Any | None) -> Place:
    return Place(
        **vars(front),
        user_id=None if user is None else user.user_id,
        user_name="" if user is None else user.name,
        email="" if user is None else user.email,
        role=None if user is None else user.role,
        customer_id=None if user is None else user.customer_id,
    )


def _inside(blueprint: Blueprint, side: Side) -> Blueprint:
    @blueprint.url_value_preprocessor
    def take_slug(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.slug = (values or {}).pop("slug")

    @blueprint.url_defaults
    def give_slug(endpoint: str, values: dict[str, Any]) -> None:
        if "slug" not in values and request and slug_of_request():
            values["slug"] = slug_of_request()

    _sides[blueprint.name] = side
    return blueprint
