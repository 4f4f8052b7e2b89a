"""All the cards of one person, in whichever shops they are."""

from flask import Blueprint
from flask.typing import ResponseReturnValue
from flask_login import current_user

from nxloy_web.db import doors
from nxloy_web.web.answers import page

bp = Blueprint("cards", __name__, url_prefix="/my-cards")


@bp.get("/")
def index() -> ResponseReturnValue:
    """Each card leads to its shop. A code proves the address, and so opens all cards linked to
    the person; nothing is linked here."""
    places = doors.places_of(current_user.user_id) if current_user.is_authenticated else []
    return page(
        "portal/my_cards.html",
        cards=[place for place in places if place.customer_id],
        signed_in=current_user.is_authenticated,
    )
