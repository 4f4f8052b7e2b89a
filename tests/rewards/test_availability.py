"""Why a reward is not to be had, said in the order that helps."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.rewards.availability import Availability, availability, offers_for
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.loyalty import LoyaltyProgram, LoyaltyTier, ProgramStatus
from nxloy_web.tables.rewards import Reward, RewardStatus
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember, SegmentKind
from tests.factories import NOON, inside, make_customer, make_reward, make_shop, make_tier
from tests.ledger.books import DAY, give


def judged(reward: dict[str, Any] | None = None, **facts: Any) -> Availability:
    values = {"name": "Mug", "status": RewardStatus.ACTIVE, "points_cost": 100} | (reward or {})
    facts = {
        "spendable": 100,
        "tier_required_points": None,
        "taken_before": 0,
        "in_segment": False,
        "at": NOON,
    } | facts
    return availability(Reward(**values), **facts)


def test_with_enough_points_it_is_to_be_had() -> None:
    assert judged() == Availability(True)


def test_missing_points_are_counted() -> None:
    assert judged(spendable=99) == Availability(False, "1 more point is needed.", 1)
    assert judged(spendable=0).reason == "100 more points are needed."


@pytest.mark.parametrize(
    ("reward", "reason"),
    [
        ({"status": RewardStatus.DRAFT}, "Mug is not offered at the moment."),
        ({"deleted_at": NOON}, "Mug is not offered at the moment."),
        ({"start_date": NOON + DAY}, "Mug is offered from 16 June 2026."),
        ({"end_date": NOON}, "Mug is not offered any more."),
        ({"current_stock": 0, "status": RewardStatus.OUT_OF_STOCK}, "Mug is out of stock."),
        ({"segment_id": "x"}, "Only for a chosen group of customers."),
    ],
)
def test_reasons_come_before_points(reward: dict[str, Any], reason: str) -> None:
    assert judged(reward, spendable=0).reason == reason


def test_the_last_instant_counts() -> None:
    assert judged({"end_date": NOON + timedelta(microseconds=1)}).ok
    assert judged({"start_date": NOON}).ok


def with_tier() -> Reward:
    reward = Reward(name="Mug", status=RewardStatus.ACTIVE, points_cost=1)
    reward.tier = LoyaltyTier(name="Gold", required_points=500)
    return reward


@pytest.mark.parametrize(("has", "ok"), [(None, False), (499, False), (500, True), (900, True)])
def test_a_tier_or_a_higher_one(has: int | None, ok: bool) -> None:
    answer = availability(
        with_tier(),
        spendable=5,
        tier_required_points=has,
        taken_before=0,
        in_segment=False,
        at=NOON,
    )
    assert (answer.ok, answer.reason) == (
        ok,
        None if ok else "Only for Gold and higher.",
    )


def test_each_customer_has_a_share() -> None:
    assert judged({"max_per_user": 2}, taken_before=1).ok
    answer = judged({"max_per_user": 2}, taken_before=2)
    assert answer.reason == "Each customer can have this twice."


def test_offers_show_what_can_be_had_first(app: Flask) -> None:
    shop = make_shop(app)
    customer = make_customer(app, shop)
    make_tier(app, shop, "Base", 0)
    gold = make_tier(app, shop, "Gold", 5_000)
    make_reward(app, shop, "Dear", points_cost=900)
    make_reward(app, shop, "Cheap", points_cost=50)
    make_reward(app, shop, "Golden", points_cost=10, tier_id=gold)
    make_reward(app, shop, "Draft", status=RewardStatus.DRAFT)
    make_reward(app, shop, "Over", end_date=NOON - DAY)
    segment = new_id()
    with inside(app, shop):
        db.session.add(CustomerSegment(id=segment, name="Friends", kind=SegmentKind.MANUAL))
        db.session.flush()
        db.session.add(
            CustomerSegmentMember(
                business_id=shop.business_id, segment_id=segment, customer_id=customer
            )
        )
        db.session.commit()
    make_reward(app, shop, "Friendly", points_cost=60, segment_id=segment)
    give(app, shop, customer, 100, expires_at=NOON + DAY)

    def offered(at: Any) -> list[tuple[str, bool]]:
        with inside(app, shop):
            offers = offers_for(customer, at)
            return [(offer.reward.name, offer.availability.ok) for offer in offers]

    assert offered(NOON) == [
        ("Cheap", True),
        ("Friendly", True),
        ("Golden", False),
        ("Dear", False),
    ]
    # The points have expired, though no job ran.
    assert not any(ok for _, ok in offered(NOON + DAY))
    with inside(app, shop):
        db.session.execute(update(Customer).values(status=CustomerStatus.BLOCKED))
        db.session.commit()
    assert not any(ok for _, ok in offered(NOON))
    with inside(app, shop):
        db.session.execute(update(LoyaltyProgram).values(status=ProgramStatus.PAUSED))
        db.session.commit()
    assert offered(NOON) == []
