"""The page behind an invitation's link. It has no business in its address: the guest has none."""

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from nxloy_web import clock
from nxloy_web.businesses import invitations
from nxloy_web.businesses.invitations import Offer
from nxloy_web.db import doors
from nxloy_web.db.scope import enter_scope
from nxloy_web.extensions import limiter
from nxloy_web.identity import people, service
from nxloy_web.identity.forms import JoinForm
from nxloy_web.tables.auth import User
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.entering import entered
from nxloy_web.web.forms import BaseForm
from nxloy_web.web.places import STAFF
from nxloy_web.web.sign_in import sign_in

bp = Blueprint("invitations", __name__, url_prefix="/invitations")


@bp.get("/<token>")
def show(token: str) -> ResponseReturnValue:
    offer = _offer(token)
    if offer is None:
        return _gone()
    return _page(token, offer, JoinForm.from_request(formdata=None))


@bp.post("/<token>")
@limiter.limit("30/minute")
def accept(token: str) -> ResponseReturnValue:
    """Join, as the person signed in."""
    offer = _offer(token)
    if offer is None:
        return _gone()
    if not _is_signed_in():
        return see_other(url_for("identity.sign_in", next=url_for(".show", token=token)))
    with entered(offer.business_id):
        invitations.accept(token, people.by_id(current_user.user_id), at=clock.now())
    return _welcome(offer)


@bp.post("/<token>/account")
@limiter.limit("30/minute")
def join(token: str) -> ResponseReturnValue:
    """Join with a new account: whoever has the link has read the mail of that address."""
    offer = _offer(token)
    if offer is None:
        return _gone()
    form = JoinForm.from_request()
    if not form.validate():
        return _page(token, offer, form, status=422)
    with entered(offer.business_id):
        user = people.find_or_create_user(offer.email, form.name.data)
        user = people.by_id(user.id, lock=True)
        if not _has_account(user):
            user.name = form.name.data
            service.set_first_password(user, form.password.data, at=clock.now())
            invitations.accept(token, user, at=clock.now())
            is_in = True
        else:
            is_in = False
    if not is_in:
        return see_other(url_for("identity.sign_in", next=url_for(".show", token=token)))
    sign_in(user.id, STAFF, epoch=user.session_epoch)
    return _welcome(offer)


def _offer(token: str) -> Offer | None:
    business_id = doors.invited_to(invitations.token_hash(token))
    if business_id is None:
        return None
    with enter_scope(business_id):
        return invitations.offer(token, at=clock.now())


def _page(token: str, offer: Offer, form: BaseForm, status: int = 200) -> ResponseReturnValue:
    known = people.by_email(offer.email)
    return page(
        "team/invitation.html",
        status=status,
        token=token,
        offer=offer,
        form=form,
        has_account=known is not None and _has_account(known),
        is_signed_in=_is_signed_in(),
        is_for_me=_is_signed_in() and known is not None and known.id == current_user.user_id,
        theme_css=url_for("preferences.theme_css", hue=offer.hue),
    )


def _has_account(user: User) -> bool:
    """Whether this person signs in with a password they have proved to own the address with."""
    return user.password_hash is not None and user.email_verified


def _is_signed_in() -> bool:
    return bool(current_user.is_authenticated and current_user.audience == STAFF)


def _welcome(offer: Offer) -> ResponseReturnValue:
    return see_other(
        url_for("home.index", slug=offer.slug),
        toast=f"Welcome to the team of {offer.business_name}!",
    )


def _gone() -> ResponseReturnValue:
    return page("team/invitation_closed.html", status=410)
