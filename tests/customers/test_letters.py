"""The first letter goes to people who took their card themselves."""

from dataclasses import replace

from flask import Flask
from sqlalchemy import func, select

from nxloy_web import clock, worker
from nxloy_web.actors import Actor
from nxloy_web.customers import service
from nxloy_web.customers.facts import NEWCOMER
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.tables.mail import OutboundMail
from tests.factories import Shop, inside, make_shop, make_user


def enrol(app: Flask, shop: Shop, address: str, by: Actor) -> None:
    with inside(app, shop):
        service.enrol(
            new_id(),
            replace(NEWCOMER, first_name="Zoe", last_name="Berg", email=address),
            user_id=by.user_id if by.kind == "customer" else None,
            by=by,
            at=clock.now(),
        )
        db.session.commit()
    worker.run_until_idle(app)


def welcomes(app: Flask) -> int:
    with app.app_context():
        letters = select(func.count(OutboundMail.id)).where(OutboundMail.kind == "welcome")
        return db.session.scalar(letters) or 0


def test_the_first_letter_goes_to_whoever_gets_a_card(app: Flask) -> None:
    """Z3: the counter enrolled somebody with an e-mail, and no letter came at all."""
    shop = make_shop(app)
    enrol(app, shop, "ann@example.com", shop.actor())
    assert welcomes(app) == 1
    enrol(app, shop, "zoe@example.com", Actor("customer", make_user(app)))
    assert welcomes(app) == 2
