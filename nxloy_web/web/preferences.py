"""Light or dark, and the colour of a business: both as plain resources, so no inline style."""

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from nxloy_web.web.answers import see_other

bp = Blueprint("preferences", __name__)

YEAR = 365 * 24 * 3600


@bp.post("/theme")
@bp.post("/my-cards/theme", endpoint="theme_of_portal")
def theme() -> ResponseReturnValue:
    """Remember the theme in a cookie, so that the server draws it and nothing flashes."""
    chosen = request.form.get("theme", "")
    back = (
        request.referrer
        if request.referrer and request.referrer.startswith(request.host_url)
        else "/"
    )
    response = see_other(back)
    if chosen in ("light", "dark"):
        response.set_cookie(
            "theme",
            chosen,
            max_age=YEAR,
            samesite="Lax",
            httponly=True,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    else:
        response.delete_cookie("theme")
    return response


@bp.get("/brand/<int:hue>.css")
def theme_css(hue: int) -> ResponseReturnValue:
    return Response(
        f":root {{ --h: {hue % 360}; }}\n",
        mimetype="text/css",
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )
