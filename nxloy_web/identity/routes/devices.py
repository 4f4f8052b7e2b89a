"""Which browser this is: a signed cookie says who has signed in there with a password before."""

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from nxloy_web.db.ids import new_id
from nxloy_web.identity.guesses import Origin
from nxloy_web.tables.auth import User

YEAR = 365 * 24 * 3600
MOST_PEOPLE = 8
"""A tablet at the counter is many people's; the cookie stays small."""


def origin() -> Origin:
    """Where the request of this moment comes from."""
    device_id, known = _read()
    return Origin(request.remote_addr or "", device_id, known)


def remember(user: User) -> None:
    """With this request's answer the browser is one that this person is known in."""
    device_id, known = _read()
    others = [(who, epoch) for who, epoch in known if who != user.id]
    people = [*others, (user.id, user.session_epoch)][-MOST_PEOPLE:]
    value = str(_signer().dumps([device_id or new_id(), people]))

    @after_this_request
    def _set(response: Response) -> Response:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        response.set_cookie(
            _name(), value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax"
        )
        return response


def _read() -> tuple[str | None, tuple[tuple[str, int], ...]]:
    try:
        device_id, people = _signer().loads(request.cookies.get(_name(), ""))
        return str(device_id), tuple((str(who), int(epoch)) for who, epoch in people)
    except (BadSignature, TypeError, ValueError):
        return None, ()


def _name() -> str:
    return "__Host-device" if current_app.config["SESSION_COOKIE_SECURE"] else "device"


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt="device")
