"""Where a request stands: the business in the URL, and the visitor's part in it."""

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, request
from flask_login import current_user

from nxloy_web.actors import Actor
from nxloy_web.db import doors
from nxloy_web.db.doors import Front
from nxloy_web.errors import NotAllowed, NotFound, SignInNeeded
from nxloy_web.permissions import Permission, Role, allows
from nxloy_web.web.whereabouts import location_here

STAFF = "staff"
PORTAL = "portal"


@dataclass(frozen=True)
class Place:
    """A business as the visitor of this request sees it."""

    business_id: str
    slug: str
    business_name: str
    timezone: str
    currency: str
    locale: str
    hue: int
    user_id: str | None = None
    user_name: str = ""
    email: str = ""
    role: Role | None = None
    customer_id: str | None = None

    def may(self, permission: Permission) -> bool:
        return allows(self.role, permission)


def desk(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of pages for the team, at /b/<slug><path>."""
    return _inside(Blueprint(name, import_name, url_prefix=f"/b/<slug>{path}"), "desk")


def portal(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of pages for customers, at /p/<slug><path>."""
    return _inside(Blueprint(name, import_name, url_prefix=f"/p/<slug>{path}"), "portal")


def operator(name: str, import_name: str, path: str = "") -> Blueprint:
    """A blueprint of pages for the installation's operator, at /operator<path>.

    They stand outside of every business: nothing of a tenant can be read there.
    """
    blueprint = Blueprint(name, import_name, url_prefix=f"/operator{path}")
    blueprint.side = "operator"  # type: ignore[attr-defined]

    @blueprint.before_request
    def only_operators() -> None:
        g.side = "operator"
        if not current_user.is_authenticated:
            raise SignInNeeded
        if not is_operator():
            raise NotFound

    return blueprint


def is_operator() -> bool:
    """Whether the visitor runs this installation and has signed in with a password."""
    visitor = current_user
    return bool(visitor.is_authenticated and visitor.audience == STAFF and visitor.is_operator)


def open_to_all(view: Any) -> Any:
    """Mark a portal view that anybody may see, signed in or not."""
    view.open_to_all = True
    return view


def place_of_request(view: Any) -> Place | None:
    """Find the business of the URL and check the visitor against the view.

    A stranger gets NotFound, so nothing tells that the business exists; somebody of the team
    without the right gets NotAllowed.
    """
    slug = g.get("slug")
    if slug is None:
        return None
    if g.side == "desk":
        return _desk_place(slug, view)
    return _portal_place(slug, view)


def actor_of(place: Place) -> Actor:
    customer = g.side == "portal"
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
    permission: Permission | None = getattr(view, "permission", None)
    if permission is None or not allows(current_user.role, permission):
        raise NotAllowed
    return _place(front, current_user)


def _portal_place(slug: str, view: Any) -> Place:
    if current_user.is_authenticated and current_user.front is not None:
        if current_user.customer_id is None and not getattr(view, "open_to_all", False):
            raise SignInNeeded
        return _place(current_user.front, current_user)
    front = doors.front(slug)
    if front is None:
        raise NotFound
    if not getattr(view, "open_to_all", False):
        raise SignInNeeded
    return _place(front, None)


def _place(front: Front, user: Any | None) -> Place:
    return Place(
        business_id=front.business_id,
        slug=front.slug,
        business_name=front.name,
        timezone=front.timezone,
        currency=front.currency,
        locale=front.locale,
        hue=front.hue,
        user_id=None if user is None else user.user_id,
        user_name="" if user is None else user.name,
        email="" if user is None else user.email,
        role=None if user is None else user.role,
        customer_id=None if user is None else user.customer_id,
    )


def _inside(blueprint: Blueprint, side: str) -> Blueprint:
    @blueprint.url_value_preprocessor
    def take_slug(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.slug = (values or {}).pop("slug")
        g.side = side

    @blueprint.url_defaults
    def give_slug(endpoint: str, values: dict[str, Any]) -> None:
        if "slug" not in values and request and g.get("slug"):
            values["slug"] = g.slug

    blueprint.side = side  # type: ignore[attr-defined]
    return blueprint
