"""Every component in every state, at /gallery. Never touches the database.

For who builds the product: an installation that faces people does not show it.
"""

import segno
from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from nxloy_web.errors import NotFound
from nxloy_web.gallery import sample
from nxloy_web.gallery.forms import SampleForm
from nxloy_web.web.answers import is_fragment, is_htmx
from nxloy_web.web.arguments import arguments

bp = Blueprint("gallery", __name__, url_prefix="/gallery")


@bp.before_request
def where_it_is_built() -> None:
    if not current_app.config.get("GALLERY"):
        raise NotFound


@bp.get("/")
def index() -> ResponseReturnValue:
    status, q = arguments().text("status"), arguments().text("q")
    found = {
        "people": [
            person
            for person in sample.PEOPLE
            if person["status"].lower().startswith(status) and q.lower() in person["name"].lower()
        ],
        "sort": arguments().text("sort") or "name",
    }
    if is_fragment():
        return render_template("gallery/_results.html", **found)
    wrong = SampleForm(formdata=None, prefix="wrong", tier="", when="now", meta={"csrf": False})
    wrong.validate()
    return render_template(
        "gallery/index.html",
        form=SampleForm(formdata=None, name="Free flat white", points=120, price="4.50"),
        wrong=wrong,
        status=status,
        q=q,
        days=sample.DAYS,
        issued=sample.ISSUED,
        redeemed=sample.REDEEMED,
        soon=sample.soon(),
        qr_svg=qr_code("NX-PFR9-CD"),
        **found,
        **sample.desk(),
    )


@bp.get("/portal")
def portal() -> ResponseReturnValue:
    return render_template("gallery/portal.html", qr_svg=qr_code("NX-PFR9-CD"), **sample.portal())


@bp.get("/auth")
def auth() -> ResponseReturnValue:
    return render_template("gallery/auth.html", form=SampleForm(formdata=None))


@bp.get("/error")
def error() -> ResponseReturnValue:
    message = "There is nothing at this address. It may have been moved or deleted."
    return render_template("layouts/error.html", heading="Nothing here", message=message)


@bp.route("/drawer", methods=["GET", "POST"])
def drawer() -> ResponseReturnValue:
    # A prefix keeps its ids apart from a form on the page behind the drawer.
    form = SampleForm(prefix="reward")
    sent = form.is_submitted()
    form.validate() if sent else None
    template = "gallery/_drawer_form.html" if is_htmx() else "gallery/drawer.html"
    return render_template(template, form=form, **sample.desk()), 422 if sent else 200


@bp.get("/palette")
def palette() -> ResponseReturnValue:
    q = arguments().text("q")
    found = [person for person in sample.PEOPLE if q.lower() in person["name"].lower()]
    return render_template("gallery/_palette.html", q=q, people=found)


@bp.post("/deed")
def deed() -> ResponseReturnValue:
    return render_template(
        "components/toast_partial.html",
        toast_kind=request.form.get("kind", "ok"),
        toast_text="Approved NX-PFR9-CD",
        toast_undo={"url": request.path},
        toast_link=None,
    )


def qr_code(text: str) -> Markup:
    drawing = segno.make_qr(text, error="m").svg_inline(
        border=0, omitsize=True, svgclass=None, lineclass=None, unit=None
    )
    return Markup(drawing)  # noqa: S704 - drawn by segno from our own text
