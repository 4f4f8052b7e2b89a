"""The way to the portal on paper: a sheet for the counter, a slip for the receipt printer."""

from flask import Response, g, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import qr
from nxloy_web.permissions import Permission, requires
from nxloy_web.programs import queries as programs
from nxloy_web.web.answers import page
from nxloy_web.web.arguments import arguments
from nxloy_web.web.links import absolute
from nxloy_web.web.places import desk

bp = desk("poster", __name__, "/poster")

SIZES = {"a5": "A5 sheet", "slip": "80 mm slip"}


@bp.get("/")
@requires(Permission.HOME)
def index() -> ResponseReturnValue:
    wanted = arguments().text("size")
    size = wanted if wanted in SIZES else "a5"
    address = _address()
    running = programs.listing("active")
    return page(
        "portal/poster.html",
        size=size,
        sizes=[
            {"label": label, "href": url_for(".index", size=key), "current": key == size}
            for key, label in SIZES.items()
        ],
        address=address,
        shown_address=address.split("://", 1)[-1].rstrip("/"),
        code_qr=qr.svg(address),
        program=running[0].program if running else None,
    )


@bp.get("/qr.png")
@requires(Permission.HOME)
def picture() -> ResponseReturnValue:
    """The code alone, for the shop's own menus and leaflets."""
    return Response(
        qr.png(_address(), scale=24),
        mimetype="image/png",
        headers={"Content-Disposition": f'attachment; filename="{g.place.slug}-qr.png"'},
    )


def _address() -> str:
    return absolute("portal.front", slug=g.place.slug)
