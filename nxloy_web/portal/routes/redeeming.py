"""Rewards to choose from, asking for one, and following it until it is collected."""

from datetime import datetime

from flask import Response, g, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from nxloy_web import clock, qr
from nxloy_web.db import db
from nxloy_web.db.rows import find
from nxloy_web.earning.programs import program_paying_for
from nxloy_web.errors import BusinessRule, NotFound
from nxloy_web.ledger import reads as ledger
from nxloy_web.ledger.service import balance_of
from nxloy_web.portal import queries
from nxloy_web.portal.forms import AskForm
from nxloy_web.portal.routes import words
from nxloy_web.portal.routes.blueprint import bp
from nxloy_web.redemptions import asking, taking_back, who_was_first
from nxloy_web.rewards.availability import offers_for
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.rewards import Picture, Reward
from nxloy_web.web.answers import page, see_other
from nxloy_web.web.arguments import arguments
from nxloy_web.web.places import open_to_all


@bp.get("/rewards")
def rewards() -> ResponseReturnValue:
    offers = offers_for(g.place.customer_id, clock.now())
    only_now = arguments().text("show") == "now"
    return page(
        "portal/rewards.html",
        customer=find(Customer, g.place.customer_id),
        offers=[offer for offer in offers if offer.availability.ok or not only_now],
        only_now=only_now,
        any_offers=bool(offers),
    )


@bp.get("/rewards/<id:reward_id>")
def reward(reward_id: str) -> ResponseReturnValue:
    return _reward_page(reward_id, AskForm(formdata=None))


@bp.post("/rewards/<id:reward_id>/requests")
def ask(reward_id: str) -> ResponseReturnValue:
    form = AskForm.from_request()
    if not form.validate():
        return _reward_page(reward_id, form, status=422)
    try:
        with db.session.begin_nested():
            redemption = asking.ask(
                id=form.new_id.data,
                customer_id=g.place.customer_id,
                reward_id=reward_id,
                by=g.actor,
                at=clock.now(),
            )
    except BusinessRule as refusal:
        return _reward_page(reward_id, AskForm(formdata=None), status=409, refused=str(refusal))
    return see_other(url_for(".redemption", redemption_id=redemption.id))


@bp.get("/redemptions/<id:redemption_id>")
def redemption(redemption_id: str) -> ResponseReturnValue:
    found = queries.own_redemption(redemption_id, g.place.customer_id)
    return page(
        "portal/redemption.html",
        fragment="portal/_redemption.html",
        redemption=found,
        steps=words.STEPS,
        step=queries.step_of(found.state),
        code_qr=qr.svg(found.code) if found.is_open else None,
        last=None if found.is_open else queries.last_step(found.id),
        may_cancel=found.is_open and not who_was_first.is_approved_by_team(found),
    )


@bp.get("/redemptions/<id:redemption_id>/qr.png")
def redemption_qr(redemption_id: str) -> ResponseReturnValue:
    """The code as a picture, to keep for where there is no network."""
    found = queries.own_redemption(redemption_id, g.place.customer_id)
    if not found.is_open:
        raise NotFound
    return Response(
        qr.png(found.code),
        mimetype="image/png",
        headers={
            "Content-Disposition": f'inline; filename="{found.code}.png"',
            "Cache-Control": "private, no-store",
        },
    )


@bp.post("/redemptions/<id:redemption_id>/cancellation")
def cancel(redemption_id: str) -> ResponseReturnValue:
    found = queries.own_redemption(redemption_id, g.place.customer_id)
    here = url_for(".redemption", redemption_id=found.id)
    taking_back.change_mind(
        found.id,
        customer_id=g.place.customer_id,
        by=g.actor,
        at=clock.now(),
        version=found.version,
    )
    return see_other(here, toast="Cancelled. Your points are back.")


@bp.get("/pictures/<sha256>")
@open_to_all
def picture(sha256: str) -> ResponseReturnValue:
    """A reward's picture. Its name is its content, so it may be kept for ever."""
    row = db.session.execute(
        select(Picture.media_type, Picture.content).where(Picture.sha256 == sha256)
    ).first()
    if row is None:
        raise NotFound
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(row.content, mimetype=row.media_type, headers=headers)


def _reward_page(
    reward_id: str, form: AskForm, *, status: int = 200, refused: str = ""
) -> ResponseReturnValue:
    at = clock.now()
    offers = offers_for(g.place.customer_id, at)
    offer = next((offer for offer in offers if offer.reward.id == reward_id), None)
    if offer is None:
        raise NotFound
    return page(
        "portal/reward.html",
        status=status,
        customer=find(Customer, g.place.customer_id),
        offer=offer,
        spendable=_spendable(offer.reward, at),
        form=form,
        refused=refused,
    )


def _spendable(reward: Reward, at: datetime) -> int:
    """What the customer has of the points this reward is paid with."""
    program_id = program_paying_for(reward) or ""
    return ledger.spendable_of(balance_of(g.place.customer_id, program_id), at)
