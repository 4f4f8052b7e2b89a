"""The way in: what a business shows to anybody, joining, and signing in with a mailed code."""

from dataclasses import replace
from typing import Any

from flask import g, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import logout_user

from nxloy_web import clock, pulse
from nxloy_web.db.ids import new_id
from nxloy_web.extensions import limiter
from nxloy_web.identity import codes
from nxloy_web.portal import queries, service
from nxloy_web.portal.forms import CodeForm, JoinForm, SignInForm
from nxloy_web.portal.routes.blueprint import bp
from nxloy_web.portal.service import Joining
from nxloy_web.programs import queries as programs
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.links import LONGEST_PATH, local_path
from nxloy_web.web.places import PORTAL, open_to_all
from nxloy_web.web.sign_in import sign_in as remember

AT_THE_DOOR = "portal_door"
"""Session key: who waits for a code, for which business, and what they wrote to join."""


@bp.get("/")
@open_to_all
def front() -> ResponseReturnValue:
    if g.place.customer_id:
        return see_other(url_for(".card"))
    return page(
        "portal/front.html",
        programs=programs.listing("active"),
        rewards=queries.shop_window(clock.now()),
    )


@bp.route("/join", methods=["GET", "POST"])
@open_to_all
@limiter.limit("10/minute", methods=["POST"])
def join() -> ResponseReturnValue:
    if g.place.customer_id:
        return see_other(url_for(".card"))
    form = JoinForm.from_request()
    if not (form.is_sent and form.validate()):
        return page("portal/join.html", form=form, status=422 if form.is_sent else 200)
    joining = Joining(
        id=form.new_id.data,
        first_name=form.first_name.data,
        last_name=form.last_name.data or "",
        phone=form.phone.data or "",
        email_opt_in=form.email_opt_in.data,
        sms_opt_in=form.sms_opt_in.data,
    )
    return _send_code(form.email.data, joining)


@bp.route("/sign-in", methods=["GET", "POST"])
@open_to_all
@limiter.limit("10/minute", methods=["POST"])
def sign_in() -> ResponseReturnValue:
    if g.place.customer_id:
        return see_other(url_for(".card"))
    form = SignInForm.from_request()
    if not (form.is_sent and form.validate()):
        return page("portal/sign_in.html", form=form, status=422 if form.is_sent else 200)
    return _send_code(form.email.data, None)


@bp.route("/code", methods=["GET", "POST"])
@open_to_all
@limiter.limit("20/minute", methods=["POST"])
def code() -> ResponseReturnValue:
    waiting = _waiting()
    if g.place.customer_id or waiting is None:
        # Pressed twice: the first press has let them in already.
        return see_other(url_for(".card" if g.place.customer_id else ".sign_in"))
    form = CodeForm.from_request()
    if not (form.is_sent and form.validate()):
        return _code_page(form, waiting, 422 if form.is_sent else 200)
    at = clock.now()
    user = codes.check_sign_in_code(waiting["email"], form.code.data, door=waiting["door"], at=at)
    if user is None:
        form.refuse("code", "This code is wrong or too old. Use the newest one, or get another.")
        return _code_page(form, waiting, 422)
    person = replace(g.actor, user_id=user.id)
    try:
        card, is_new = service.enter(user, _joining(waiting), by=person, at=at)
    except (service.NoCard, service.AddressTaken) as refusal:
        form.refuse("code", refusal.message)
        return _code_page(form, waiting, 409)
    session.pop(AT_THE_DOOR, None)
    remember(user.id, PORTAL, epoch=user.session_epoch)
    return see_other(
        waiting["next"] or url_for(".card"),
        toast=f"Welcome to {g.place.business_name}!" if is_new else f"Hello, {card.name}",
    )


@bp.post("/code/again")
@open_to_all
@limiter.limit("5/minute")
def code_again() -> ResponseReturnValue:
    waiting = _waiting()
    if waiting is None:
        return see_other(url_for(".sign_in"))
    service.send_code(waiting["email"], _joining(waiting), door=waiting["door"], at=clock.now())
    return see_other(url_for(".code"), toast="Another code is on its way. Older ones stop working.")


@bp.post("/sign-out")
@open_to_all
def sign_out() -> ResponseReturnValue:
    logout_user()
    session.clear()
    return see_other(url_for(".front"), toast="You are signed out.")


def _send_code(email: str, joining: Joining | None) -> ResponseReturnValue:
    """Answer the same whether or not the address is known."""
    waiting = session.get(AT_THE_DOOR) or {}
    door = waiting.get("door") or new_id()
    service.send_code(email, joining, door=door, at=clock.now())
    session[AT_THE_DOOR] = {
        "door": door,
        "business_id": g.place.business_id,
        "email": email,
        "joining": None if joining is None else vars(joining),
        "next": _page_of_here(arguments().text("next", LONGEST_PATH)),
    }
    return see_other(url_for(".code"))


def _waiting() -> dict[str, Any] | None:
    waiting: dict[str, Any] | None = session.get(AT_THE_DOOR)
    return waiting if waiting and waiting["business_id"] == g.place.business_id else None


def _joining(waiting: dict[str, Any]) -> Joining | None:
    return Joining(**waiting["joining"]) if waiting["joining"] else None


def _code_page(form: CodeForm, waiting: dict[str, Any], status: int) -> ResponseReturnValue:
    return page(
        "portal/code.html",
        form=form,
        email=waiting["email"],
        joining=bool(waiting["joining"]),
        is_late=not pulse.look().goes_out,
        status=status,
    )


def _page_of_here(wanted: str | None) -> str | None:
    """Only pages of this portal: nobody is sent elsewhere after signing in."""
    path = local_path(wanted)
    return path if path and path.startswith(f"/p/{g.place.slug}/") else None
