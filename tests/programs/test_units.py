"""What customers collect is called by the program's own name, one and many. Row P10."""

import pytest
from flask import Flask

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.purchases import recording
from nxloy_web.purchases.recording import MoreThanUsual
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.units import one_of, unit
from tests.factories import Shop, inside, make_customer, make_reward, make_shop, make_user
from tests.ledger.books import give
from tests.pressing import browser_as, browser_of, press


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    shop = make_shop(app)
    with inside(app, shop):
        program = db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id))
        program.points_name, program.point_name = "Leaves", "Leaf"
        db.session.commit()
    return shop


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("Points", "point"),
        ("Beans", "bean"),
        ("Leaves", "leaf"),
        ("Berries", "berry"),
        ("Pies", "pie"),
        ("Cookies", "cookie"),
        ("Boxes", "box"),
        ("Kisses", "kiss"),
        ("Bonus", "bonus"),
        ("Punkte", "punkte"),
    ],
)
def test_english_says_what_one_is_called(many: str, one: str) -> None:
    assert one_of(many) == one


def test_the_own_word_for_one_is_used() -> None:
    assert [unit(n, "Punkte", "Punkt") for n in (0, 1, -1, 2)] == [
        "punkte", "punkt", "punkt", "punkte",
    ]  # fmt: skip


def test_every_screen_calls_them_so(app: Flask, shop: Shop) -> None:
    """P10: "60 leaves" on the card, "You have 60 points" beside the reward, "+1 stamps"."""
    user_id = make_user(app, "Amara")
    customer_id = make_customer(app, shop, user_id=user_id)
    give(app, shop, customer_id, 60)
    reward_id = make_reward(app, shop, points_cost=1)
    owner = browser_as(app, shop)
    card = owner.get(shop.url(f"/counter/{customer_id}"))
    assert "60 leaves" in " ".join(card.html.select_one(".counter-balance").text.split())
    assert "1 leaf" in card.html.text
    given = press(card, "Give leaves", amount="1")
    assert given.html.select_one(".result-title").text == "+1 leaf"
    assert "now has 61 leaves" in given
    adjusting = owner.get(shop.url(f"/customers/{customer_id}/adjustment"))
    assert "61 leaves" not in adjusting
    assert "has 62 leaves now" in press(adjusting, "Adjust", points="1", reason="Rain")
    portal = browser_of(app, user_id, "portal")
    page = portal.get(shop.portal(f"/rewards/{reward_id}"))
    said = " ".join(page.html.text.split())
    assert "You have62 leaves" in said.replace("You have ", "You have")
    assert "1 leaf" in said
    assert "points" not in page.html.select_one("main").text.lower()


def test_refusals_call_them_so(app: Flask, shop: Shop) -> None:
    """P10's cousins: what is missing, and what is more than usual."""
    customer_id = make_customer(app, shop)
    give(app, shop, customer_id, 9)
    owner = browser_as(app, shop)
    adjusting = owner.get(shop.url(f"/customers/{customer_id}/adjustment"))
    refused = press(adjusting, "Adjust", direction="take", points="10", reason="Rain")
    assert "1 more leaf is needed." in refused.html.select_one("main").text
    with inside(app, shop), pytest.raises(MoreThanUsual) as more:
        recording.record(
            id=new_id(),
            customer_id=customer_id,
            amount_minor=600_00,
            confirmed_points=0,
            by=shop.actor(),
            at=clock.now(),
        )
    assert str(more.value.message).startswith("This gives 600 leaves, more than the usual 500.")
