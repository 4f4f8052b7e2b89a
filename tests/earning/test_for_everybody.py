"""A tier that starts at 0 is held by everybody, from the card's first moment."""

import pytest
from flask import Flask

from nxloy_web.customers import listing
from nxloy_web.customers.queries import default_program
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.redemptions import asking
from nxloy_web.rewards.availability import offers_for
from nxloy_web.tables.redemptions import RedemptionStatus
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop, make_tier
from tests.ledger.books import give
from tests.portal.steps import member
from tests.pressing import browser_as


@pytest.fixture(params=["no balance", "a correction", "points"])
def customer(app: Flask, shop: Shop, request: pytest.FixtureRequest) -> str:
    """Somebody who has nothing yet, was corrected by hand, or held points before the tier came."""
    made = make_customer(app, shop, "Nour")
    if request.param == "points":
        give(app, shop, made, 10, at=NOON)
    elif request.param == "a correction":
        with inside(app, shop):
            ledger.adjust(
                made, shop.program_id, 5, id=new_id(), reason="Hello", by=shop.actor(), at=NOON
            )
            db.session.commit()
    make_tier(app, shop, "Bronze", 0)
    make_tier(app, shop, "Gold", 500)
    return made


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def tier_id(app: Flask, shop: Shop, rank: int) -> str:
    with inside(app, shop):
        program = default_program()
        assert program is not None
        return program.tiers[rank].id


def test_it_is_shown_everywhere(app: Flask, shop: Shop, customer: str) -> None:
    """D11."""
    browser = browser_as(app, shop)
    assert "Bronze" in browser.get(shop.url(f"/counter/{customer}")).text
    page = browser.get(shop.url(f"/customers/{customer}")).html
    assert "Bronze" in {each.text.strip() for each in page.select(".tier-badge")}
    rows = browser.get(shop.url("/customers/")).html
    assert {each.text.strip() for each in rows.select("td .tier-badge")} == {"Bronze"}


def test_the_lists_filter_and_export_by_it(app: Flask, shop: Shop, customer: str) -> None:
    """D11."""
    bronze, gold = tier_id(app, shop, 0), tier_id(app, shop, 1)
    with inside(app, shop):
        program = default_program()
        held = [
            [line.tier_id for line in listing.page_of(filter_, program, NOON).rows]
            for filter_ in (listing.Filter(tier_id=bronze), listing.Filter(tier_id=gold))
        ]
        exported = [tier for _, _, tier in listing.everything(listing.Filter(), program, NOON)]
    assert held == [[bronze], []]
    assert exported == [bronze]


def test_its_rewards_can_be_had(app: Flask, shop: Shop, customer: str) -> None:
    """D11."""
    paid = make_reward(
        app, shop, "Tasting", points_cost=0, money_cost=100, tier_id=tier_id(app, shop, 0)
    )
    make_reward(app, shop, "Dinner", points_cost=0, money_cost=100, tier_id=tier_id(app, shop, 1))
    with inside(app, shop):
        offered = {offer.reward.name: offer.availability.ok for offer in offers_for(customer, NOON)}
        asked = asking.ask(
            id=new_id(), customer_id=customer, reward_id=paid, by=shop.actor(), at=NOON
        )
        assert asked.status is RedemptionStatus.PENDING
    assert offered == {"Tasting": True, "Dinner": False}


def test_the_portal_shows_it_also_after_a_correction(app: Flask, shop: Shop) -> None:
    """D11."""
    make_tier(app, shop, "Bronze", 0)
    browser, customer_id = member(app, shop)
    assert "Bronze" in browser.get(shop.portal("/card")).text
    with inside(app, shop):
        ledger.adjust(
            customer_id, shop.program_id, 5, id=new_id(), reason="Hi", by=shop.actor(), at=NOON
        )
        db.session.commit()
    assert "Bronze" in browser.get(shop.portal("/card")).text
