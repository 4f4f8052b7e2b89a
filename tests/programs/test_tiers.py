"""Tiers: their order, their members, and what happens when one goes."""

from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.programs import placing
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.rewards import Reward
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop
from tests.pressing import (
    Browser,
    Page,
    browser_as,
    buttons_of,
    form_with,
    hostile_post,
    press,
    words_of,
)

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


def program(browser: Browser, shop: Shop) -> Page:
    return browser.get(shop.url(f"/programs/{shop.program_id}"))


def typing(browser: Browser, shop: Shop, **typed: str) -> Page:
    return press(browser.get(url(shop)), "Add tier", **TYPED | typed)


def add(browser: Browser, shop: Shop, name: str, start: int) -> str:
    page = browser.get(url(shop))
    tier_id: str = form_with(page, "Add tier")["new_id"].value
    made = press(page, "Add tier", **TYPED | {"name": name, "required_points": str(start)})
    assert made.status_code == 200, made.text
    return tier_id


def delete(browser: Browser, shop: Shop, tier_id: str, **typed: str) -> Page:
    return press(browser.get(url(shop, f"{tier_id}/deletion")), "Delete tier", **typed)


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
        row = ledger.balance_of(customer_id, shop.program_id)
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


def test_a_tier_is_kept_as_typed(app: Flask, shop: Shop, owner: Browser) -> None:
    tier_id = add(owner, shop, "Gold", 500)
    with inside(app, shop):
        tier = db.session.scalars(select(LoyaltyTier)).one()
    assert (tier.id, tier.name, tier.required_points) == (tier_id, "Gold", 500)
    assert (tier.multiplier, tier.color, tier.icon) == (Decimal("1.50"), "#eab308", "crown")
    assert tier.benefits == ["Free refill", "Birthday cake"]
    page = program(owner, shop).text
    assert "Birthday cake" in page
    assert "×1.5" in page


def test_pressing_add_twice_adds_one_tier(app: Flask, shop: Shop, owner: Browser) -> None:
    page = owner.get(url(shop))
    assert [press(page, "Add tier", **TYPED).status_code for _ in range(2)] == [200, 200]
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
        ({"benefits": "x" * 121}, "Keep each benefit to 120 characters."),
        ({"benefits": "\n".join("abcdefghijklm")}, "List at most 12 benefits."),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    shop: Shop, owner: Browser, typed: dict[str, str], sentence: str
) -> None:
    answer = typing(owner, shop, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_an_icon_that_is_not_offered_is_refused(shop: Shop, owner: Browser) -> None:
    forged = TYPED | {"icon": "../secret"}
    answer = hostile_post(owner, "a forged field", url(shop), forged)
    assert answer.status_code == 422
    assert "Choose one of these icons." in answer.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "Gold", "required_points": "700"}, "has a tier of this name"),
        ({"name": "Platinum", "required_points": "500"}, "starts at the same points"),
    ],
)
def test_name_and_threshold_are_each_used_once(
    shop: Shop, owner: Browser, typed: dict[str, str], sentence: str
) -> None:
    add(owner, shop, "Gold", 500)
    answer = typing(owner, shop, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_moving_swaps_thresholds_and_stops_at_the_ends(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    silver = add(owner, shop, "Silver", 200)
    gold = add(owner, shop, "Gold", 500)
    page = program(owner, shop)
    for _ in range(2):
        press(page, "Move down", where=f"#tier-{silver}")
        assert starts(app, shop) == {"Gold": 200, "Silver": 500}
    page = program(owner, shop)
    assert [each for each in buttons_of(page) if each.startswith("Move")] == [
        "Move down",
        "Move up",
    ]
    for _ in range(2):
        press(page, "Move up", where=f"#tier-{silver}")
        assert starts(app, shop) == {"Silver": 200, "Gold": 500}
    press(program(owner, shop), "Move up", where=f"#tier-{gold}")
    assert starts(app, shop) == {"Gold": 200, "Silver": 500}


def test_an_edit_counts_versions_and_a_late_one_is_refused(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    gold = add(owner, shop, "Gold", 500)
    opened = owner.get(url(shop, f"{gold}/edit"))
    press(owner.get(url(shop, f"{gold}/edit")), "Save", required_points="600")
    late = press(opened, "Save", required_points="700")
    assert late.status_code == 409
    assert "What you typed is still here" in late.text
    assert 'value="700"' in late.text
    assert starts(app, shop) == {"Gold": 600}
    press(late, "Save")
    assert starts(app, shop) == {"Gold": 700}


def test_who_has_the_points_moves_up_and_nobody_moves_down(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    silver, gold = add(owner, shop, "Silver", 200), add(owner, shop, "Gold", 500)
    some, many = earn(app, shop, 250), earn(app, shop, 800)
    place(app, shop)
    assert (tier_of(app, shop, some), tier_of(app, shop, many)) == (silver, gold)
    assert f"tier={gold}" in program(owner, shop).text
    asked = press(owner.get(url(shop, f"{gold}/edit")), "Save", required_points="900")
    press(asked, "Save: nobody moves")
    place(app, shop)
    assert tier_of(app, shop, many) == gold


def test_a_tier_with_members_asks_where_they_go(app: Flask, shop: Shop, owner: Browser) -> None:
    silver, gold = add(owner, shop, "Silver", 200), add(owner, shop, "Gold", 500)
    customer = earn(app, shop, 800)
    place(app, shop)
    reward_id = make_reward(app, shop, tier_id=gold)
    asked = owner.get(url(shop, f"{gold}/deletion"))
    assert "1 customer is in Gold" in words_of(asked.text)
    assert "1 reward asks for this tier" in asked.text

    unsaid = press(asked, "Delete tier")
    assert unsaid.status_code == 422
    assert "Say where they go" in unsaid.text

    said = press(press(unsaid, "Delete tier", members_to=silver), "Delete tier: 1 moves down")
    assert said.status_code == 200
    assert tier_of(app, shop, customer) == silver
    with inside(app, shop):
        assert db.session.scalar(select(Reward.tier_id).where(Reward.id == reward_id)) == silver
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "tier.deleted")
        ).one()
        assert entry.after == {"members_moved": 1, "members_to": silver}


def test_members_can_be_left_without_a_tier_but_not_sent_elsewhere(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    gold = add(owner, shop, "Gold", 500)
    customer = earn(app, shop, 800)
    place(app, shop)
    there = url(shop, f"{gold}/deletion")
    bad = hostile_post(owner, "a forged field", there, {"members_to": new_id()})
    assert bad.status_code == 422
    asked = delete(owner, shop, gold, members_to="none")
    press(asked, "Delete tier: 1 moves down")
    assert tier_of(app, shop, customer) is None


def test_a_deleted_tier_is_restored_unless_its_place_is_taken(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    delete(owner, shop, add(owner, shop, "Gold", 500))
    assert "Deleted tiers (1)" in program(owner, shop).text
    taken = add(owner, shop, "Platinum", 500)
    refused = press(program(owner, shop), "Restore Gold")
    assert refused.status_code == 409
    assert "Another tier starts at 500 by now" in refused.text
    delete(owner, shop, taken)
    press(program(owner, shop), "Restore Gold")
    assert starts(app, shop) == {"Gold": 500}


def test_a_tier_is_found_only_under_its_own_program_and_business(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    gold = add(owner, shop, "Gold", 500)
    other = make_shop(app)
    stranger = browser_as(app, other)
    owner.get(shop.url(f"/programs/{new_id()}/tiers/{gold}/edit"), status=404)
    for where in (shop, other):
        stranger.get(url(where, f"{gold}/edit"), status=404)
    for path in (f"{gold}/deletion", f"{gold}/up"):
        sent = {"members_to": "none"}
        answer = hostile_post(stranger, "a stranger", url(other, path), sent)
        assert answer.status_code == 404
    assert starts(app, shop) == {"Gold": 500}
