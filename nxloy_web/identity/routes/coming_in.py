"""The front page, signing in and out, and the choice of a business."""

from flask import request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from nxloy_web import clock
from nxloy_web.db import doors
from nxloy_web.db.ids import new_id
from nxloy_web.extensions import limiter
from nxloy_web.identity import service
from nxloy_web.identity.forms import SignInForm
from nxloy_web.identity.routes.blueprint import bp, is_staff, landing, let_in, signed_in
from nxloy_web.identity.routes.devices import origin
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.links import absolute, local_path

WRONG = (
    "The e-mail address or the password is not right. "
    "After five wrong tries from one place, nobody gets in from there for 15 minutes."
)


@bp.get("/")
def front() -> ResponseReturnValue:
    if is_staff():
        return see_other(landing(current_user.user_id))
    if current_user.is_authenticated:
        return see_other(url_for(".places"))
    return page("identity/front.html")


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit("30/minute;300/hour", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    wanted = local_path(request.values.get("next"))
    if is_staff():
        return see_other(wanted or landing(current_user.user_id))
    form = SignInForm.from_request()
    form.next.data = wanted or ""
    if not form.is_sent:
        return page("identity/sign_in.html", form=form)
    if not form.validate():
        return page("identity/sign_in.html", status=422, form=form)
    user = service.authenticate(form.email.data, form.password.data, origin(), clock.now())
    if user is None:
        form.form_errors.append(WRONG)
        return page("identity/sign_in.html", status=422, form=form)
    if not user.email_verified:
        # The right password was given here, so the mailed link may open without asking again.
        session["attempt"], session["mail_to"] = new_id(), user.email
        service.send_verification(user, _verify_link, attempt=session["attempt"], at=clock.now())
        return see_other(url_for(".check_mail"))
    let_in(user)
    return see_other(wanted or landing(user.id))


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    session.clear()
    return see_other(url_for(".front"), toast="You are signed out.")


@bp.get("/places")
def places() -> ResponseReturnValue:
    found = doors.places_of(signed_in())
    return page(
        "identity/places.html",
        teams=[place for place in found if place.role is not None],
        cards=[place for place in found if place.customer_id is not None],
        is_staff=is_staff(),
    )


def _verify_link(token: str) -> str:
    return absolute("identity.verify", token=token)
