"""A person's own account: name, address, password, and the way out of every browser."""

from typing import Any

from flask import session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from nxloy_web import clock
from nxloy_web.extensions import limiter
from nxloy_web.identity import passwords, people, service
from nxloy_web.identity.forms import EmailForm, NameForm, PasswordForm
from nxloy_web.identity.routes import devices
from nxloy_web.identity.routes.blueprint import bp, signed_in
from nxloy_web.identity.routes.devices import origin
from nxloy_web.tables.auth import User
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.forms import BaseForm
from nxloy_web.web.links import absolute
from nxloy_web.web.sign_in import sign_in

NOT_CURRENT = "This is not your current password."


@bp.get("/account")
def account() -> ResponseReturnValue:
    return _show(people.by_id(signed_in()))


@bp.post("/account/name")
def change_name() -> ResponseReturnValue:
    user = people.by_id(signed_in())
    form = NameForm.from_request()
    if not form.validate():
        return _show(user, name_form=form)
    service.rename(user.id, form.name.data)
    return _back("Your name is changed.")


@bp.post("/account/email")
@limiter.limit("10/minute;30/hour")
def change_email() -> ResponseReturnValue:
    user = people.by_id(signed_in())
    form = EmailForm.from_request()
    if not form.validate() or not _is_allowed(user, form):
        return _show(user, email_form=form)
    try:
        service.ask_for_email_change(
            user.id,
            form.email.data,
            lambda token: absolute("identity.confirm_email", token=token),
            absolute("identity.sign_in"),
            at=clock.now(),
        )
    except service.SameAddress as refusal:
        form.refuse("email", refusal.message)
        return _show(user, email_form=form)
    return _back(f"Open the link we have sent to {form.email.data}; then it counts.")


@bp.route("/account/email/<token>", methods=["GET", "POST"])
def confirm_email(token: str) -> ResponseReturnValue:
    form = BaseForm.from_request()
    new_email = service.changes_email(token, at=clock.now())
    if new_email is None:
        return page("identity/link_used.html", status=410, again=url_for(".account"))
    if not form.is_sent:
        return page("identity/confirm_email.html", form=form, token=token, new_email=new_email)
    service.confirm_email_change(token, at=clock.now())
    to = url_for(".account") if current_user.is_authenticated else url_for(".sign_in")
    return see_other(to, toast=f"From now on you sign in with {new_email}.")


@bp.post("/account/password")
@limiter.limit("10/minute;60/hour")
def change_password() -> ResponseReturnValue:
    user = people.by_id(signed_in())
    form = PasswordForm.from_request()
    if not form.validate() or not _is_allowed(user, form):
        return _show(user, password_form=form)
    objection = passwords.objection(form.password.data, user.email, user.name)
    if objection:
        form.refuse("password", objection)
        return _show(user, password_form=form)
    forgotten = absolute("identity.forgotten")
    user = service.change_password(user.id, form.password.data, forgotten, at=clock.now())
    _stay(user)
    return _back("Your password is changed. Other browsers were signed out.")


@bp.post("/account/sign-out-everywhere")
def sign_out_everywhere() -> ResponseReturnValue:
    service.sign_out_everywhere(signed_in())
    session.clear()
    return see_other(url_for(".sign_in"), toast="You are signed out everywhere.")


def _show(
    user: User,
    name_form: NameForm | None = None,
    email_form: EmailForm | None = None,
    password_form: PasswordForm | None = None,
) -> ResponseReturnValue:
    wrong: list[Any] = [name_form, email_form, password_form]
    return page(
        "identity/account.html",
        status=422 if any(wrong) else 200,
        user=user,
        name_form=name_form or NameForm(formdata=None, data={"name": user.name}),
        email_form=email_form or EmailForm(formdata=None),
        password_form=password_form or PasswordForm(formdata=None),
    )


def _is_allowed(user: User, form: EmailForm | PasswordForm) -> bool:
    """Whether the current password was given, by those who have one. Wrong ones are counted."""
    if user.password_hash is None and isinstance(form, EmailForm):
        return True
    if service.authenticate(user.email, form.current.data or "", origin(), clock.now()) is None:
        form.refuse("current", NOT_CURRENT)
        return False
    return True


def _stay(user: User) -> None:
    """Keep this browser signed in, as what it was."""
    sign_in(user.id, current_user.audience, epoch=user.session_epoch)
    devices.remember(user)


def _back(toast: str) -> ResponseReturnValue:
    return see_other(url_for(".account"), toast=toast)
