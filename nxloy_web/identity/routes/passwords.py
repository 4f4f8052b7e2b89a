"""A forgotten password."""

from typing import Any

from flask import session, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.extensions import limiter
from nxloy_web.identity import passwords, service
from nxloy_web.identity.forms import ForgottenForm, NewPasswordForm
from nxloy_web.identity.routes.blueprint import bp, landing, let_in
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.links import absolute


@bp.route("/password/forgotten", methods=["GET", "POST"])
@limiter.limit("10/minute;30/hour", methods=["POST"])
def forgotten() -> ResponseReturnValue:
    form = ForgottenForm.from_request()
    if not form.is_sent:
        return page("identity/forgotten.html", form=form)
    if not form.validate():
        return page("identity/forgotten.html", status=422, form=form)
    service.ask_for_reset(form.email.data, reset_link, at=clock.now())
    session["reset_to"] = form.email.data
    return see_other(url_for(".reset_sent"))


@bp.get("/password/sent")
def reset_sent() -> ResponseReturnValue:
    if "reset_to" not in session:
        return see_other(url_for(".forgotten"))
    return page("identity/reset_sent.html", mail_to=session["reset_to"])


@bp.route("/password/new/<token>", methods=["GET", "POST"])
@limiter.limit("30/minute", methods=["POST"])
def new_password(token: str) -> ResponseReturnValue:
    user = service.resets(token, at=clock.now())
    if user is None:
        return page("identity/link_used.html", status=410, again=url_for(".forgotten"))
    form = NewPasswordForm.from_request()
    context: dict[str, Any] = {"form": form, "token": token, "email": user.email}
    if not form.is_sent:
        return page("identity/new_password.html", **context)
    if form.validate():
        objection = passwords.objection(form.password.data, user.email, user.name)
        if objection:
            form.refuse("password", objection)
    if form.errors:
        return page("identity/new_password.html", status=422, **context)
    user = service.reset_password(token, form.password.data, at=clock.now())
    let_in(user)
    return see_other(
        landing(user.id), toast="Your password is changed. Other browsers were signed out."
    )


def reset_link(token: str) -> str:
    return absolute("identity.new_password", token=token)
