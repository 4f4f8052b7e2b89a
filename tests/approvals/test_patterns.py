"""W3: an owner sees odd patterns of what was given."""

from datetime import timedelta

import pytest
from flask import Flask

from nxloy_web import clock
from nxloy_web.approvals import patterns
from nxloy_web.approvals.patterns import Kind
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.redemptions import asking as redemptions
from nxloy_web.redemptions import deciding as handing
from nxloy_web.tables.businesses import BusinessSettings
from tests.factories import (
    Shop,
    inside,
    make_customer,
    make_reward,
    make_shop,
)
from tests.pressing import browser_as, words_of


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer_id(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop, "Dag")


def buy(
    shop: Shop, customer_id: str, euros: int, *, ago: timedelta, role: Role = Role.STAFF
) -> None:
    recording.record(
        id=new_id(), customer_id=customer_id, amount_minor=euros * 100, by=shop.actor(role),
        at=clock.now() - ago,
    )  # fmt: skip


def give(shop: Shop, customer_id: str, points: int, *, ago: timedelta) -> None:
    ledger.adjust(
        customer_id, shop.program_id, points, id=new_id(), reason="A gift",
        by=shop.actor(Role.STAFF), at=clock.now() - ago,
    )  # fmt: skip


def found(app: Flask, shop: Shop) -> list[patterns.Pattern]:
    with inside(app, shop):
        return patterns.odd(clock.now())


def kinds(app: Flask, shop: Shop) -> list[tuple[Kind, int]]:
    return [(one.kind, one.times) for one in found(app, shop)]


def minutes(number: int) -> timedelta:
    return timedelta(days=2, minutes=number)


def test_many_credits_on_one_card_within_an_hour(app: Flask, shop: Shop, customer_id: str) -> None:
    other = make_customer(app, shop)
    with inside(app, shop):
        for number in range(6):
            buy(shop, customer_id, 10, ago=minutes(9 * number))
            buy(shop, other, 10, ago=minutes(60 * number))
        db.session.commit()
    assert kinds(app, shop) == [(Kind.MANY_AT_ONCE, 6)]
    (one,) = found(app, shop)
    assert (one.who, one.points) == (f"Staff of {shop.slug}", 60)
    assert one.customer is not None
    assert one.customer.id == customer_id
    page = browser_as(app, shop).get(shop.url("/approvals/"))
    assert "gave Dag points again and again within an hour" in words_of(page.text)
    log = page.click(f"What Staff of {shop.slug} did")
    assert log.html.select_one("select[name=person] option[selected]")["value"] == one.user_id


def test_what_is_older_or_comes_slowly_is_not_odd(app: Flask, shop: Shop, customer_id: str) -> None:
    with inside(app, shop):
        for number in range(6):
            buy(shop, customer_id, 10, ago=timedelta(days=31, minutes=number))
        for number in range(5):
            buy(shop, customer_id, 10, ago=minutes(number))
        db.session.commit()
    assert kinds(app, shop) == []
    page = browser_as(app, shop).get(shop.url("/approvals/"))
    assert "Nothing odd in what was given." in words_of(page.text)
    staff = browser_as(app, shop, Role.STAFF).get(shop.url("/approvals/"), status="*")
    assert "Odd patterns" not in staff.text


def test_somebody_far_above_the_others(app: Flask, shop: Shop) -> None:
    cards = [make_customer(app, shop) for _ in range(4)]
    with inside(app, shop):
        for number, card in enumerate(cards):
            buy(shop, card, 100, ago=minutes(number), role=Role.OWNER)
            buy(shop, card, 150, ago=minutes(number), role=Role.MANAGER)
            buy(shop, card, 1_000, ago=minutes(number))
        db.session.commit()
    assert kinds(app, shop) == [(Kind.FAR_ABOVE, 4)]
    assert found(app, shop)[0].points == 4_000


def test_credits_right_below_the_limit(app: Flask) -> None:
    shop = make_shop(app, settings=BusinessSettings(staff_adjust_day_limit=None))
    cards = [make_customer(app, shop) for _ in range(5)]
    with inside(app, shop):
        for card in cards[1:]:
            give(shop, card, 180, ago=minutes(0))
        give(shop, cards[0], 179, ago=minutes(0))
        db.session.commit()
    assert kinds(app, shop) == []  # four at 90 % and one below
    with inside(app, shop):
        give(shop, cards[0], 200, ago=minutes(1))
        db.session.commit()
    assert kinds(app, shop) == [(Kind.BELOW_LIMIT, 5)]


def test_given_and_spent_by_the_same_person(app: Flask, shop: Shop, customer_id: str) -> None:
    reward_id = make_reward(app, shop, points_cost=50, needs_approval=False)
    staff = shop.actor(Role.STAFF)
    for minute in (30, 20):
        with inside(app, shop):
            give(shop, customer_id, 50, ago=timedelta(minutes=minute))
            asked = redemptions.ask(
                id=new_id(), customer_id=customer_id, reward_id=reward_id, by=staff,
                at=clock.now() - timedelta(minutes=minute - 1),
            )  # fmt: skip
            handing.fulfil(asked.id, by=staff, at=clock.now() - timedelta(minutes=minute - 2))
            db.session.commit()
        if minute == 30:
            assert kinds(app, shop) == []
    assert kinds(app, shop) == [(Kind.GIVEN_AND_SPENT, 2)]
