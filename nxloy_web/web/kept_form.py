"""A form that was sent when the sign-in had ended: kept in the sender's browser for some minutes.

It waits in a signed cookie until its sender has signed in again and presses once more. Only what
a page of ours sent is kept (the browser says so), and never a password or a file.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from flask import Blueprint, Flask, Response, current_app, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.exceptions import RequestEntityTooLarge

from nxloy_web.errors import SignInNeeded
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.links import local_path
from nxloy_web.web.places import Side, portal, side_of_request, slug_of_request

COOKIE = "kept_form"
SECONDS = 15 * 60
LARGEST = 3_500
"""Browsers keep cookies of up to 4,096 bytes, name and attributes included."""

bp = Blueprint("kept_form", __name__)
portal_bp = portal("kept_form_of_portal", __name__)


@dataclass(frozen=True)
class KeptForm:
    """Where it goes, the page it stands on, and what was typed."""

    action: str
    page: str
    fields: Sequence[tuple[str, str]]


def form_of_request() -> KeptForm | None:
    """What this request sent, when it may be kept; else None."""
    try:
        fields = [each for each in request.form.items(multi=True) if each[0] != "csrf_token"]
    except RequestEntityTooLarge:  # read here for the first time, by whoever refuses it
        return None
    # Passwords are asked for outside of businesses only.
    is_inside = side_of_request() in (Side.DESK, Side.PORTAL)
    if not is_inside or not _is_from_our_page() or request.files or not fields:
        return None
    referrer = _parts(request.referrer or "")
    return KeptForm(request.full_path.rstrip("?"), local_path(referrer.path) or "/", fields)


def keep(form: KeptForm, response: Response) -> bool:
    """Put it into a cookie; False when it is too large for one."""
    text = str(_signer().dumps([form.action, form.page, form.fields]))
    if len(text) > LARGEST:
        return False
    response.set_cookie(
        COOKIE,
        text,
        max_age=SECONDS,
        path=address(),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return True


def init_app(app: Flask) -> None:
    app.after_request(_forget)


def _forget(response: Response) -> Response:
    """It was sent, or left behind: what was typed does not lie about any longer."""
    came_from = _parts(request.referrer or "").path
    is_going_on = request.method == "POST" or request.headers.get("Sec-Fetch-Mode") == "navigate"
    if is_going_on and response.status_code < 400 and came_from == address():
        response.delete_cookie(COOKIE, path=came_from)
    return response


def address() -> str:
    """The page that offers it again, on the side of this request: each has its own sign-in."""
    if side_of_request() is Side.PORTAL:
        return url_for("kept_form_of_portal.show", slug=slug_of_request())
    return url_for("kept_form.show")


@bp.get("/go-on")
@portal_bp.get("/go-on")
def show() -> ResponseReturnValue:
    """The form once more, with a button; sending it is a decision of its own."""
    if not current_user.is_authenticated:
        raise SignInNeeded
    form = _kept()
    if form is None:
        return see_other("/")
    return page("kept_form.html", form=form, has_signed_in=True)


def _kept() -> KeptForm | None:
    try:
        action, came_from, fields = _signer().loads(request.cookies.get(COOKIE, ""), SECONDS)
    except BadSignature:
        return None
    return KeptForm(action, came_from, [(name, value) for name, value in fields])


def _is_from_our_page() -> bool:
    """Whether the browser says that a page of ours sent this: another site cannot say so."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return _parts(request.headers.get("Origin", "")).netloc == request.host


def _parts(address: str) -> SplitResult:
    """What a browser says of addresses; anybody can write anything there."""
    try:
        return urlsplit(address)
    except ValueError:
        return urlsplit("")


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="kept form")
