"""Signing up a business, proving the address, and adding another business later."""

from typing import Any

from flask import request, session, url_for
from flask.typing import ResponseReturnValue

from nxloy_web import clock
from nxloy_web.businesses import opening, slugs
from nxloy_web.businesses.choices import guess
from nxloy_web.errors import FormUsed, SignInNeeded
from nxloy_web.extensions import limiter
from nxloy_web.identity import people, service
from nxloy_web.identity.forms import (
    BusinessForm,
    SignUpForm,
    VerifyForm,
    free_slug,
    slug_objection,
)
from nxloy_web.identity.routes.blueprint import bp, is_staff, landing, let_in, signed_in
from nxloy_web.identity.routes.coming_in import WRONG
from nxloy_web.identity.routes.devices import origin
from nxloy_web.identity.unconfirmed import KEPT
from nxloy_web.tables.auth import User
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.entering import entered
from nxloy_web.web.links import absolute


@bp.route("/sign-up", methods=["GET", "POST"])
@limiter.limit("20/minute;60/hour", methods=["POST"])
def sign_up() -> ResponseReturnValue:
    form = SignUpForm.from_request(data=_guesses())
    if not form.is_sent:
        return page("identity/sign_up.html", form=form, days=KEPT.days)
    if not form.validate():
        return page("identity/sign_up.html", status=422, form=form, days=KEPT.days)
    try:
        with entered(form.new_id.data):
            service.sign_up(
                _new_business(form),
                name=form.name.data,
                email=form.email.data,
                password=form.password.data,
                verify_link=verify_link,
                reset_link=lambda token: absolute("identity.new_password", token=token),
                sign_in_link=absolute("identity.sign_in"),
                at=clock.now(),
            )
    except opening.SlugTaken as refusal:
        form.refuse("slug", refusal.message)
        return page("identity/sign_up.html", status=409, form=form, days=KEPT.days)
    except FormUsed as refusal:
        form.form_errors.append(str(refusal))
        form.begin_again()
        return page("identity/sign_up.html", status=409, form=form, days=KEPT.days)
    except opening.BusinessIsOpen:
        pass
    # The same for a known address: this browser must not be told which it was.
    session["attempt"], session["mail_to"] = form.new_id.data, form.email.data
    return see_other(url_for(".check_mail"))


@bp.get("/sign-up/where")
def where() -> ResponseReturnValue:
    """Currency and clock as they should be for the clock of the visitor's device."""
    form = SignUpForm(formdata=None, data=_guesses(arguments().text("zone", 60)))
    return page("identity/_where.html", fragment="identity/_where.html", form=form, asked=True)


@bp.get("/sign-up/web-address")
def slug_proposal() -> ResponseReturnValue:
    """The web address field as it should be for the name typed so far."""
    form = SignUpForm(formdata=None)
    typed = arguments().text("slug", slugs.LONGEST + 1).lower()
    name = arguments().text("business_name", 100)
    if typed and typed != arguments().text("proposed"):
        form.slug.data = typed
        sentence = slug_objection(typed, None)
        form.slug.errors = [sentence] if sentence else []
    else:
        form.slug.data = form.proposed.data = free_slug(name, None)
    return page("identity/_slug.html", fragment="identity/_slug.html", form=form)


@bp.get("/sign-up/check-mail")
def check_mail() -> ResponseReturnValue:
    if "mail_to" not in session:
        return see_other(url_for(".sign_up"))
    return page("identity/check_mail.html", mail_to=session["mail_to"], days=KEPT.days)


@bp.post("/sign-up/mail")
@limiter.limit("5/minute;20/hour")
def resend_mail() -> ResponseReturnValue:
    attempt = session.get("attempt")
    if attempt:
        service.resend_verification(attempt, verify_link, at=clock.now())
    return see_other(url_for(".check_mail"), toast="We have sent it again.")


@bp.route("/verify/<token>", methods=["GET", "POST"])
@limiter.limit("30/minute;300/hour", methods=["POST"])
def verify(token: str) -> ResponseReturnValue:
    """A button, so that a program that opens the links in mails does not use it up."""
    row = service.verifies(token, at=clock.now())
    if row is None:
        return page("identity/link_used.html", status=410, again=url_for(".sign_in"))
    form = VerifyForm.from_request()
    is_same_browser = row.target is not None and row.target == session.get("attempt")
    context: dict[str, Any] = {
        "form": form,
        "token": token,
        "asks_password": not is_same_browser,
    }
    if not form.is_sent:
        return page("identity/verify.html", **context)
    if not form.validate():
        return page("identity/verify.html", status=422, **context)
    if not is_same_browser and not _knows_password(row.user_id, form.password.data or ""):
        form.refuse("password", WRONG)
        return page("identity/verify.html", status=422, **context)
    user = service.verify_email(token, at=clock.now())
    let_in(user)
    return see_other(landing(user.id), toast="Your address is confirmed. Welcome!")


@bp.route("/businesses/new", methods=["GET", "POST"])
@limiter.limit("20/hour", methods=["POST"])
def new_business() -> ResponseReturnValue:
    """Another business for somebody who is here already."""
    user_id = signed_in()
    if not is_staff():
        raise SignInNeeded
    form = BusinessForm.from_request(data=_guesses())
    if not form.is_sent:
        return page("identity/new_business.html", form=form)
    if not form.validate():
        return page("identity/new_business.html", status=422, form=form)
    try:
        with entered(form.new_id.data):
            opening.open_business(_new_business(form), owner_id=user_id, at=clock.now())
    except opening.SlugTaken as refusal:
        form.refuse("slug", refusal.message)
        return page("identity/new_business.html", status=409, form=form)
    except FormUsed as refusal:
        form.form_errors.append(str(refusal))
        form.begin_again()
        return page("identity/new_business.html", status=409, form=form)
    except opening.BusinessIsOpen:
        # Pressed twice: both presses lead to the business the first one made, if it is theirs.
        return see_other(url_for("home.index", slug=form.slug.data))
    return see_other(url_for("home.index", slug=form.slug.data), toast="Your business is ready.")


def verify_link(token: str) -> str:
    return absolute("identity.verify", token=token)


def _knows_password(user_id: str, password: str) -> bool:
    user: User = people.by_id(user_id)
    return service.authenticate(user.email, password, origin(), clock.now()) is not None


def _guesses(zone: str = "") -> dict[str, str]:
    currency, timezone = guess([language for language, _ in request.accept_languages], zone)
    return {"currency": currency, "timezone": timezone}


def _new_business(form: BusinessForm) -> opening.NewBusiness:
    return opening.NewBusiness(
        id=form.new_id.data,
        name=form.business_name.data,
        slug=form.slug.data,
        timezone=form.timezone.data,
        currency=form.currency.data,
        location_name=form.location_name.data,
    )
