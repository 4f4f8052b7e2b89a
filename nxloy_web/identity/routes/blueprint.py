"""One blueprint, and what its pages share."""

from flask import Blueprint, url_for
from flask_login import current_user

from nxloy_web.db import doors
from nxloy_web.errors import SignInNeeded
from nxloy_web.identity.routes import devices
from nxloy_web.tables.auth import User
from nxloy_web.web.places import STAFF
from nxloy_web.web.sign_in import sign_in

bp = Blueprint("identity", __name__)


def is_staff() -> bool:
    return bool(current_user.is_authenticated and current_user.audience == STAFF)


def signed_in() -> str:
    """The id of the person signed in. Raises SignInNeeded."""
    if not current_user.is_authenticated:
        raise SignInNeeded
    return str(current_user.user_id)


def landing(user_id: str) -> str:
    """Where somebody with a password begins: in their one business, else at the choice."""
    teams = [place for place in doors.places_of(user_id) if place.role is not None]
    if len(teams) == 1:
        return url_for("home.index", slug=teams[0].slug)
    return url_for("identity.places")


def let_in(user: User) -> None:
    """Sign in with the epoch this request may have raised; the browser is known from now on."""
    sign_in(user.id, STAFF, epoch=user.session_epoch)
    devices.remember(user)
