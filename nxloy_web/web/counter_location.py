"""The shop this browser stands in: a tablet stays on its counter whoever signs in and out."""

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

COOKIE = "counter"
YEAR = 365 * 24 * 3600


def location_here(business_id: str) -> str | None:
    """The location last chosen in this browser for this business. It may be deleted by now."""
    try:
        business, location = _signer().loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, TypeError, ValueError):
        return None
    return str(location) if business == business_id else None


def remember(response: Response, slug: str, business_id: str, location_id: str | None) -> None:
    """One cookie per business, by its path; without a location the choice is forgotten."""
    path = f"/b/{slug}"
    if location_id is None:
        response.delete_cookie(COOKIE, path=path)
        return
    response.set_cookie(
        COOKIE,
        str(_signer().dumps([business_id, location_id])),
        max_age=YEAR,
        path=path,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _signer() -> URLSafeSerializer:
    # Purchases name the location, so it must be one that we let somebody choose.
    return URLSafeSerializer(current_app.secret_key or "", salt="counter")
