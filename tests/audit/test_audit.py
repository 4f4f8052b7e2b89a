"""The audit log shows who changed what, page by page."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from sqlalchemy import select

from nxloy_web import clock, events
from nxloy_web.actors import Actor
from nxloy_web.audit import queries
from nxloy_web.db import db
from nxloy_web.db.facts import differing
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking, taking_back
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.rewards import Reward
from tests.factories import (
    NOON,
    Shop,
    as_role,
    inside,
    make_customer,
    make_reward,
    make_shop,
    make_user,
)

UTC_ZONE = ZoneInfo("UTC")


def _edited(reward: Reward, shop: Shop, after: dict[str, Any] | None = None) -> None:
    events.happened("reward.edited", reward, by=shop.actor(), at=clock.now(), after=after)


def test_a_change_is_kept_with_before_and_after(app: Flask) -> None:
    shop = make_shop(app)
    reward_id = make_reward(app, shop)
    with inside(app, shop):
        reward = find(Reward, reward_id)
        before, after = differing(reward, {"points_cost": 250, "name": reward.name})
        events.happened(
            "reward.edited", reward, by=shop.actor(), at=clock.now(), before=before, after=after
        )
        db.session.commit()
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.before, entry.after) == ({"points_cost": 100}, {"points_cost": 250})
        assert queries.last_change("Reward", reward_id)
    page = as_role(app, shop, Role.ANALYST).get(shop.url("/audit/")).text
    assert "Reward edited" in page
    assert "250" in page
    assert f"Owner of {shop.slug}" in page


def test_an_entry_goes_when_its_change_is_rolled_back(app: Flask) -> None:
    shop = make_shop(app)
    reward_id = make_reward(app, shop)
    with inside(app, shop):
        _edited(find(Reward, reward_id), shop)
        db.session.rollback()
        assert db.session.scalars(select(AuditEntry)).all() == []


def test_pages_follow_each_other_without_a_gap(app: Flask) -> None:
    shop = make_shop(app)
    reward_id = make_reward(app, shop)
    many = queries.PAGE + 3
    with inside(app, shop):
        reward = find(Reward, reward_id)
        for number in range(many):
            _edited(reward, shop, {"number": number})
        db.session.commit()
        first = queries.entries(queries.Filter(), UTC_ZONE, "")
        second = queries.entries(queries.Filter(), UTC_ZONE, first.after)
    ids = [row[0].id for row in [*first.rows, *second.rows]]
    assert len(ids) == len(set(ids)) == many
    assert second.after == ""


def test_filters_and_nonsense(app: Flask, as_admin: Any) -> None:
    shop = make_shop(app)
    reward_id = make_reward(app, shop)
    with inside(app, shop):
        _edited(find(Reward, reward_id), shop)
        db.session.commit()
    owner = as_role(app, shop)
    assert "Reward edited" in owner.get(shop.url("/audit/?subject_type=Reward")).text
    assert "Reward edited" not in owner.get(shop.url("/audit/?subject_type=Tier")).text
    assert "Reward edited" not in owner.get(shop.url("/audit/?person=nobody")).text
    assert owner.get(shop.url("/audit/?before=nonsense~")).status_code == 200


def test_what_the_product_did_by_itself_is_told_and_can_be_left_out(app: Flask) -> None:
    shop = make_shop(app)
    reward_id, customer_id = make_reward(app, shop, points_cost=None), make_customer(app, shop)
    redemption_id = new_id()
    with inside(app, shop):
        asking.ask(
            id=redemption_id,
            customer_id=customer_id,
            reward_id=reward_id,
            by=Actor("customer", make_user(app, "Zoe Berg"), customer_id=customer_id),
            at=NOON,
        )
        taking_back.expire(redemption_id, at=NOON + timedelta(days=400))
        db.session.commit()
    owner = as_role(app, shop)
    everything = owner.get(shop.url("/audit/")).text
    for words in ("Redemption asked", "Zoe Berg", "Redemption expired", "by itself"):
        assert words in everything
    by_itself = owner.get(shop.url("/audit/?person=system")).text
    assert "Redemption expired" in by_itself
    assert "Redemption asked" not in by_itself
    customers = owner.get(shop.url("/audit/?person=customer")).text
    assert "Redemption asked" in customers
    assert "Redemption expired" not in customers
    assert "No entry matches" in owner.get(shop.url("/audit/?person=team")).text
