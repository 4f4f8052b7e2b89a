"""Tiers: their order, their members, and what happens when one goes."""

from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.programs import placing
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.rewards import Reward
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_reward, make_shop

TYPED = {
    "name": "Gold",
    "required_points": "500",
    "multiplier": "1.5",
    "color": "#EAB308",
    "icon": "crown",
    "benefits": "Free refill\n\n  Birthday cake ",
}


def url(shop: Shop, path: str = "new") -> str:
    return shop.url(f"/programs/{shop.program_id}/tiers/{path}")


def add(client: FlaskClient, shop: Shop, name: str, start: int, **typed: str) -> str:
    tier_id = new_id()
    data = TYPED | {"name": name, "required_points": str(start), "new_id": tier_id} | typed
    answer = client.post(url(shop), data=data)
    assert answer.status_code == 303, answer.text
    return tier_id


def starts(app: Flask, shop: Shop) -> dict[str, int]:
    with inside(app, shop):
        statement = select(LoyaltyTier).order_by(LoyaltyTier.required_points)
        return {tier.name: tier.required_points for tier in db.session.scalars(statement)}


def earn(app: Flask, shop: Shop, points: int) -> str:
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        ledger.adjust(
            customer_id,
            shop.program_id,
            points,
            id=new_id(),
            reason="A start",
            by=shop.actor(),
            at=NOON,
        )
        row = ledger.balance_of(customer_id, shop.program_id, lock=True)
        row.lifetime_points = points
        db.session.commit()
    return customer_id


def tier_of(app: Flask, shop: Shop, customer_id: str) -> str | None:
    with inside(app, shop):
        return db.session.scalar(
            select(CustomerBalance.tier_id).where(CustomerBalance.customer_id == customer_id)
        )


def place(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        placing.place(program_id=shop.program_id)
        db.session.commit()


def test_a_tier_is_kept_as_typed(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    tier_id = add(owner, shop, "Gold", 500)
    with inside(app, shop):
        tier = db.session.scalars(select(LoyaltyTier)).one()
    assert (tier.id, tier.name, tier.required_points) == (tier_id, "Gold", 500)
    assert (tier.multiplier, tier.color, tier.icon) == (Decimal("1.50"), "#eab308", "crown")
    assert tier.benefits == ["Free refill", "Birthday cake"]
    page = owner.get(shop.url(f"/programs/{shop.program_id}")).text
    assert "Birthday cake" in page
    assert "×1.5" in page


def test_pressing_add_twice_adds_one_tier(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    data = TYPED | {"new_id": new_id()}
    assert [owner.post(url(shop), data=data).status_code for _ in range(2)] == [303, 303]
    assert starts(app, shop) == {"Gold": 500}


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Give the tier a name."),
        ({"required_points": ""}, "Say how many points it takes"),
        ({"required_points": "-1"}, "0 or more"),
        ({"required_points": "99999999999"}, "Enter a whole number of points"),
        ({"multiplier": "0"}, "Enter a number from 0.01 to 99.99."),
        ({"multiplier": "1.255"}, "at most two decimals"),
        ({"multiplier": "NaN"}, "Enter a number from 0.01 to 99.99."),
        ({"multiplier": "Infinity"}, "Enter a number from 0.01 to 99.99."),
        ({"color": "red"}, "Choose a colour like"),
        ({"icon": "../secret"}, "Choose one of these icons."),
        ({"benefits": "x" * 121}, "Keep each benefit to 120 characters."),
        ({"benefits": "\n".join("abcdefghijklm")}, "List at most 12 benefits."),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    shop: Shop, owner: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    answer = owner.post(url(shop), data=TYPED | typed)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "Gold", "required_points": "700"}, "has a tier of this name"),
        ({"name": "Platinum", "required_points": "500"}, "starts at the same points"),
    ],
)
def test_name_and_threshold_are_each_used_once(
    shop: Shop, owner: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    add(owner, shop, "Gold", 500)
    answer = owner.post(url(shop), data=TYPED | typed | {"new_id": new_id()})
    assert answer.status_code == 422
    assert sentence in answer.text


def test_moving_swaps_thresholds_and_stops_at_the_ends(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    silver = add(owner, shop, "Silver", 200)
    add(owner, shop, "Gold", 500)
    assert owner.post(url(shop, f"{silver}/up")).status_code == 303
    assert starts(app, shop) == {"Silver": 200, "Gold": 500}
    owner.post(url(shop, f"{silver}/down"))
    assert starts(app, shop) == {"Gold": 200, "Silver": 500}
    owner.post(url(shop, f"{silver}/down"))
    assert starts(app, shop) == {"Gold": 200, "Silver": 500}
    owner.post(url(shop, f"{silver}/up"))
    assert starts(app, shop) == {"Silver": 200, "Gold": 500}


def test_an_edit_counts_versions_and_a_late_one_is_refused(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    gold = add(owner, shop, "Gold", 500)
    first = owner.post(
        url(shop, f"{gold}/edit"), data=TYPED | {"required_points": "600", "version": "1"}
    )
    late = owner.post(
        url(shop, f"{gold}/edit"), data=TYPED | {"required_points": "700", "version": "1"}
    )
    assert (first.status_code, late.status_code) == (303, 409)
    assert "What you typed is still here" in late.text
    assert 'value="700"' in late.text
    assert starts(app, shop) == {"Gold": 600}


def test_who_has_the_points_moves_up_and_nobody_moves_down(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    some, many = earn(app, shop, 250), earn(app, shop, 800)
    silver, gold = add(owner, shop, "Silver", 200), add(owner, shop, "Gold", 500)
    place(app, shop)
    assert (tier_of(app, shop, some), tier_of(app, shop, many)) == (silver, gold)
    assert f"tier={gold}" in owner.get(shop.url(f"/programs/{shop.program_id}")).text
    owner.post(url(shop, f"{gold}/edit"), data=TYPED | {"required_points": "900", "version": "1"})
    place(app, shop)
    assert tier_of(app, shop, many) == gold


def test_a_tier_with_members_asks_where_they_go(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    customer = earn(app, shop, 800)
    silver, gold = add(owner, shop, "Silver", 200), add(owner, shop, "Gold", 500)
    place(app, shop)
    reward_id = make_reward(app, shop, tier_id=gold)
    asked = owner.get(url(shop, f"{gold}/delete")).text
    assert "1 customer is in Gold" in asked
    assert "1 reward asks for this tier" in asked

    unsaid = owner.post(url(shop, f"{gold}/delete"))
    assert unsaid.status_code == 422
    assert "Say where they go" in unsaid.text

    said = owner.post(url(shop, f"{gold}/delete"), data={"members_to": silver})
    assert said.status_code == 303
    assert tier_of(app, shop, customer) == silver
    with inside(app, shop):
        assert db.session.scalar(select(Reward.tier_id).where(Reward.id == reward_id)) == silver
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "tier.deleted")
        ).one()
        assert entry.after == {"members_moved": 1, "members_to": silver}


def test_members_can_be_left_without_a_tier_but_not_sent_elsewhere(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    customer = earn(app, shop, 800)
    gold = add(owner, shop, "Gold", 500)
    place(app, shop)
    bad = owner.post(url(shop, f"{gold}/delete"), data={"members_to": new_id()})
    assert bad.status_code == 422
    assert owner.post(url(shop, f"{gold}/delete"), data={"members_to": "none"}).status_code == 303
    assert tier_of(app, shop, customer) is None


def test_a_deleted_tier_is_restored_unless_its_place_is_taken(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    gold = add(owner, shop, "Gold", 500)
    owner.post(url(shop, f"{gold}/delete"))
    assert "Deleted tiers (1)" in owner.get(shop.url(f"/programs/{shop.program_id}")).text
    taken = add(owner, shop, "Platinum", 500)
    refused = owner.post(url(shop, f"{gold}/restore"))
    assert refused.status_code == 409
    assert "Another tier starts at 500 by now" in refused.text
    owner.post(url(shop, f"{taken}/delete"))
    assert owner.post(url(shop, f"{gold}/restore")).status_code == 303
    assert starts(app, shop) == {"Gold": 500}


def test_a_tier_is_found_only_under_its_own_program_and_business(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    gold = add(owner, shop, "Gold", 500)
    other = make_shop(app)
    stranger = as_role(app, other)
    wrong: list[Any] = [
        owner.get(shop.url(f"/programs/{new_id()}/tiers/{gold}/edit")),
        stranger.get(url(shop, f"{gold}/edit")),
        stranger.get(url(other, f"{gold}/edit")),
        stranger.post(url(other, f"{gold}/delete"), data={"members_to": "none"}),
        stranger.post(url(other, f"{gold}/up")),
    ]
    assert [answer.status_code for answer in wrong] == [404] * 5
    assert starts(app, shop) == {"Gold": 500}
