"""A tier by hand: with a reason and an end, for one customer."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web import clock
from nxloy_web.customers import listing
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import NotAllowed, NotFound
from nxloy_web.ledger import by_hand, limits, reads
from nxloy_web.ledger.service import ReasonNeeded
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.rewards.availability import offers_for
from nxloy_web.segments.catalog import Moment
from nxloy_web.segments.compiler import compile_rules
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import Condition, SegmentRules
from tests.factories import (
    NOON,
    Shop,
    inside,
    make_customer,
    make_program,
    make_reward,
    make_shop,
    make_tier,
)
from tests.ledger.books import give, standing
from tests.ledger.racing import race
from tests.pressing import browser_as, buttons_of, press

DAY = timedelta(days=1)
END = NOON + 10 * DAY


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def gold(app: Flask, shop: Shop) -> str:
    make_tier(app, shop, "Silver", 100)
    return make_tier(app, shop, "Gold", 500, multiplier="2")


@pytest.fixture
def customer(app: Flask, shop: Shop, gold: str) -> str:
    made = make_customer(app, shop, "Nour")
    give(app, shop, made, 150, at=NOON - DAY)
    return made


def gift(tier_id: str, until: datetime = END, reason: str = "A regular of old") -> Any:
    return by_hand.TierByHand(tier_id, until, reason)


def give_tier(app: Flask, shop: Shop, customer: str, given: Any, **facts: Any) -> None:
    with inside(app, shop):
        facts = {"by": shop.actor(Role.MANAGER), "at": NOON} | facts
        by_hand.give_tier(customer, shop.program_id, given, **facts)
        db.session.commit()


def held(app: Flask, shop: Shop, customer: str, at: datetime) -> tuple[str | None, bool]:
    with inside(app, shop):
        [found] = reads.standings(customer, at)
        return found.tier.name if found.tier else None, found.is_by_hand


def test_it_counts_until_its_end_and_ends_by_itself(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1."""
    reward = make_reward(app, shop, "Dinner", points_cost=0, money_cost=100, tier_id=gold)
    give_tier(app, shop, customer, gift(gold))
    for at, name in ((END - timedelta(microseconds=1), "Gold"), (END, "Silver")):
        assert held(app, shop, customer, at) == (name, name == "Gold")
        with inside(app, shop):
            offers = {one.reward.id: one.availability.ok for one in offers_for(customer, at)}
            assert offers[reward] is (name == "Gold")
            quoted = recording.quote(customer, 1000, at=at)
            assert quoted.points == (20 if name == "Gold" else 10)
            rows = listing.page_of(listing.Filter(tier_id=gold), None, at).rows
            assert len(rows) == (1 if name == "Gold" else 0)


def test_purchases_go_on_counting_beside_it(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1: kept through purchases, and what was earned meanwhile stays."""
    give_tier(app, shop, customer, gift(gold))
    with inside(app, shop):
        bought = recording.record(
            id=new_id(), customer_id=customer, amount_minor=1000, by=shop.actor(), at=NOON + DAY
        )
        assert bought.points == 20
        db.session.commit()
    assert held(app, shop, customer, NOON + DAY) == ("Gold", True)
    assert standing(app, shop, customer).lifetime_points == 170
    give(app, shop, customer, 400, at=NOON + DAY)
    assert held(app, shop, customer, END) == ("Gold", False)


def test_who_may_give_it_and_what_is_refused(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    for given, refusal in (
        (gift(gold, reason=" "), ReasonNeeded),
        (gift(gold, until=NOON), by_hand.EndInThePast),
        (gift(new_id()), NotFound),
    ):
        with pytest.raises(refusal):
            give_tier(app, shop, customer, given)
    with pytest.raises(NotAllowed):
        give_tier(app, shop, customer, gift(gold), by=shop.actor(Role.STAFF))
    with inside(app, shop):
        db.session.get_one(Customer, (shop.business_id, customer)).user_id = shop.owner_id
        db.session.commit()
    with pytest.raises(limits.OwnPoints):
        give_tier(app, shop, customer, gift(gold), by=shop.actor())
    other = make_program(app, shop, "Stamps")
    with inside(app, shop), pytest.raises(NotFound):
        by_hand.give_tier(customer, other, gift(gold), by=shop.actor(Role.MANAGER), at=NOON)
    give(app, shop, customer, 500, at=NOON)
    with pytest.raises(by_hand.HoldsItAlready):
        give_tier(app, shop, customer, gift(gold))


def test_it_is_given_and_ended_on_the_customers_page(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1."""
    browser = browser_as(app, shop, Role.MANAGER)
    there = shop.url(f"/customers/{customer}")
    form = browser.get(shop.url(f"/customers/{customer}/programs/{shop.program_id}/tier"))
    today = clock.now().date()
    typed = {"tier_id": gold, "reason": "A regular of old"}
    refused = press(form, "Give the tier", last_day=str(today - DAY), **typed)
    assert (refused.status_code, "still to come" in refused.text) == (422, True)
    given = press(refused, "Give the tier", last_day=str(today + 9 * DAY), **typed)
    assert given.request.path == there
    assert "Gold by hand until the end of" in given.text
    assert "A regular of old" in given.text
    for _ in range(2):
        press(given, "End it Gold")
    assert "by hand" not in browser.get(there).text
    with inside(app, shop):
        said = db.session.scalars(
            select(AuditEntry.action).where(
                AuditEntry.action.in_(("customer.tier_given", "customer.tier_taken"))
            )
        ).all()
    assert sorted(said) == ["customer.tier_given", "customer.tier_taken"]
    staff = browser_as(app, shop, Role.STAFF).get(there)
    assert "Give a tier" not in staff.text
    assert "Give the tier" not in buttons_of(staff)


def test_somebody_without_a_balance_gets_it_too(app: Flask, shop: Shop, gold: str) -> None:
    newcomer = make_customer(app, shop)
    give_tier(app, shop, newcomer, gift(gold))
    assert held(app, shop, newcomer, NOON) == ("Gold", True)


def test_two_who_give_it_at_once_take_turns(
    app: Flask, shop: Shop, gold: str, customer: str, as_admin: Any
) -> None:
    def giving(days: int) -> Any:
        def verb() -> None:
            by_hand.give_tier(
                customer,
                shop.program_id,
                gift(gold, NOON + days * DAY),
                by=shop.actor(Role.MANAGER),
                at=NOON,
            )

        return verb

    first, second = race(app, shop, as_admin, giving(3), giving(5))
    assert (first.error, second.error) == (None, None)
    assert held(app, shop, customer, NOON + 4 * DAY) == ("Gold", True)


def test_segments_see_it(app: Flask, shop: Shop, gold: str, customer: str) -> None:
    give_tier(app, shop, customer, gift(gold))
    with inside(app, shop):
        for operator in ("is", "at_least"):
            one = Condition(field="tier", operator=operator, value=gold)
            rules = SegmentRules(items=[one])
            for at, found in ((NOON, [customer]), (END, [])):
                condition = compile_rules(rules, Moment(at, ZoneInfo("Europe/Berlin")))
                assert list(db.session.scalars(select(Customer.id).where(condition))) == found
