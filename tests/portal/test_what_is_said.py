"""What became of points is said on both sides, also when nothing moved (P7, P9)."""

from datetime import timedelta

import pytest
from flask import Flask

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording, voiding
from nxloy_web.redemptions import asking
from nxloy_web.tables.businesses import BusinessSettings
from tests.factories import Shop, inside, make_reward, make_shop
from tests.ledger.books import give
from tests.portal.steps import member
from tests.pressing import browser_as


def buy_spend_and_void(app: Flask, shop: Shop, customer_id: str) -> None:
    reward_id = make_reward(app, shop, points_cost=100)
    by, at = shop.actor(), clock.now()
    with inside(app, shop):
        bought = recording.record(
            id=new_id(), customer_id=customer_id, amount_minor=100_00, by=by, at=at
        )
        asking.ask(id=new_id(), customer_id=customer_id, reward_id=reward_id, by=by, at=at)
        voiding.void(bought.id, reason="Wrong till", by=by, at=at)
        recording.record(id=new_id(), customer_id=customer_id, amount_minor=50, by=by, at=at)
        db.session.commit()


def test_what_moved_nothing_is_said_with_its_reason(app: Flask) -> None:
    shop = make_shop(app)
    browser, customer_id = member(app, shop)
    buy_spend_and_void(app, shop, customer_id)
    let_off = "100 of them were spent on a reward: they are let off"
    page = browser.get(shop.portal("/history"))
    assert "What moved no points" in page
    assert let_off in page
    assert "0.50 EUR / 1.00 EUR = 0" in page
    staff = browser_as(app, shop, Role.STAFF)
    desk = staff.get(shop.url(f"/customers/{customer_id}?tab=purchases"))
    assert let_off in desk
    assert "0.50 EUR / 1.00 EUR = 0" in desk
    assert "100 let off: spent before their purchase was voided" in desk


@pytest.mark.parametrize("ends", [(5,), (5, 9, 20)])
def test_every_end_that_comes_soon_is_said(app: Flask, ends: tuple[int, ...]) -> None:
    shop = make_shop(app)
    browser, customer_id = member(app, shop)
    for days in ends:
        give(app, shop, customer_id, 30, expires_at=clock.now() + timedelta(days=days))
    page = browser.get(shop.portal("/card"))
    assert page.text.count("can be used until the end of") == len(ends)


def test_what_is_owed_is_said_on_the_phone(app: Flask) -> None:
    shop = make_shop(app, settings=BusinessSettings(balance_may_go_negative=True))
    browser, customer_id = member(app, shop)
    buy_spend_and_void(app, shop, customer_id)
    assert "100 points are owed" in browser.get(shop.portal("/card"))
