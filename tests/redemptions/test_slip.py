"""The slip that goes over the counter with a reward."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import BrowserContext

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking, deciding, taking_back
from nxloy_web.tables.redemptions import RewardRedemption
from tests.browsing import visit
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_reward, make_shop


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> FlaskClient:
    return as_role(app, shop, Role.STAFF)


def asked(app: Flask, shop: Shop) -> RewardRedemption:
    customer_id = make_customer(app, shop, "Amara <3", last_name="Okafor")
    reward_id = make_reward(app, shop, "Cake & coffee")
    with inside(app, shop):
        ledger.adjust(
            customer_id,
            shop.program_id,
            500,
            id=new_id(),
            reason="Welcome",
            by=shop.actor(),
            at=NOON,
        )
        redemption = asking.ask(
            id=new_id(),
            customer_id=customer_id,
            reward_id=reward_id,
            by=shop.actor(),
            at=clock.now(),
        )
        db.session.commit()
        return redemption


VERBS: dict[str, Any] = {
    "approve": deciding.approve,
    "fulfil": deciding.fulfil,
    "refund": taking_back.refund,
}


def go_on(app: Flask, shop: Shop, redemption: RewardRedemption, *verbs: str) -> None:
    with inside(app, shop):
        for verb in verbs:
            why = {"reason": "Wrong cake"} if verb == "refund" else {}
            VERBS[verb](redemption.id, by=shop.actor(), at=clock.now(), **why)
        db.session.commit()


def test_it_says_what_whose_where_and_when(app: Flask, shop: Shop, staff: FlaskClient) -> None:
    redemption = asked(app, shop)
    go_on(app, shop, redemption, "approve")
    path = shop.url(f"/redemptions/{redemption.id}")
    assert f'href="{path}/slip"' in staff.get(path).text
    slip = staff.get(f"{path}/slip").text
    for part in (redemption.code, "Cake &amp; coffee", "Amara &lt;3", "Approved", "Good until"):
        assert part in slip
    assert "Okafor" not in slip
    go_on(app, shop, redemption, "fulfil")
    slip = staff.get(f"{path}/slip").text
    assert "Handed over" in slip
    assert "Good until" not in slip


@pytest.mark.parametrize("verbs", [(), ("approve", "fulfil", "refund")])
def test_what_is_not_to_be_had_has_none(
    app: Flask, shop: Shop, staff: FlaskClient, verbs: tuple[str, ...]
) -> None:
    redemption = asked(app, shop)
    go_on(app, shop, redemption, *verbs)
    path = shop.url(f"/redemptions/{redemption.id}")
    assert "/slip" not in staff.get(path).text
    refused = staff.get(f"{path}/slip")
    assert refused.status_code == 409
    assert "There is a slip once the request is approved" in refused.text


def test_another_shop_sees_nothing(app: Flask, shop: Shop) -> None:
    redemption = asked(app, shop)
    go_on(app, shop, redemption, "approve")
    other = make_shop(app)
    stranger = as_role(app, other, Role.STAFF)
    assert stranger.get(other.url(f"/redemptions/{redemption.id}/slip")).status_code == 404


@pytest.mark.browser
def test_it_fits_on_one_strip_of_80_millimetres(
    app: Flask, shop: Shop, live_server: str, context: BrowserContext
) -> None:
    redemption = asked(app, shop)
    go_on(app, shop, redemption, "approve")
    page = visit(context, app, live_server, shop.users[Role.STAFF])
    page.add_init_script("window.print = () => { document.title = 'printing'; }")
    page.goto(live_server + shop.url(f"/redemptions/{redemption.id}/slip"))
    page.get_by_role("button", name="Print").click()
    assert page.title() == "printing"
    paper = page.pdf(prefer_css_page_size=True)
    sizes = re.findall(rb"/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]", paper)
    assert [(round(float(w) / 72 * 25.4), round(float(h) / 72 * 25.4)) for w, h in sizes] == [
        (80, 130)
    ]
