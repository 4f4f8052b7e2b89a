"""The palette finds what its reader may see."""

import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.tables.redemptions import RewardRedemption
from tests.factories import NOON, as_role, inside, make_customer, make_reward, make_shop
from tests.pressing import words_of

PART = {"HX-Request": "true"}


def test_it_finds_customers_rewards_and_pages(app: Flask) -> None:
    shop = make_shop(app)
    make_customer(app, shop, "Amara", email="a@x.example", email_norm="a@x.example")
    make_reward(app, shop, "Amaretti")
    found = as_role(app, shop).get(shop.url("/search/?q=a@x.example"), headers=PART).text
    assert "Amara" in found
    found = as_role(app, shop).get(shop.url("/search/?q=ama"), headers=PART).text
    assert "Amaretti" in found
    assert "Audit log" in as_role(app, shop).get(shop.url("/search/?q=aud"), headers=PART).text


def test_it_offers_only_what_a_role_may_do(app: Flask) -> None:
    shop = make_shop(app)
    found = as_role(app, shop, Role.STAFF).get(shop.url("/search/?q="), headers=PART).text
    assert "Counter" in found
    assert "Team" not in words_of(found)
    assert "New reward" not in found


def test_it_finds_nothing_of_another_business(app: Flask) -> None:
    mine, theirs = make_shop(app), make_shop(app)
    make_reward(app, theirs, "Zebra ride")
    assert "Zebra" not in as_role(app, mine).get(
        mine.url("/search/?q=zebra"), headers=PART
    ).text.replace("“zebra”", "")


def test_a_code_comes_first_however_it_is_typed(app: Flask) -> None:
    shop = make_shop(app)
    customer_id, reward_id = make_customer(app, shop), make_reward(app, shop, "Mug")
    with inside(app, shop):
        redemption = RewardRedemption(
            customer_id=customer_id,
            reward_id=reward_id,
            points_cost=100,
            code="NX-7K3M9Q",
            requested_at=NOON,
            expires_at=NOON,
        )
        db.session.add(redemption)
        db.session.commit()
        url = shop.url(f"/redemptions/{redemption.id}")
    for typed in ("NX-7K3M9Q", "nx 7k3m9q", "7k3m9q"):
        found = as_role(app, shop).get(
            shop.url("/search/"), query_string={"q": typed}, headers=PART
        )
        first = found.text.split("palette-option", 2)[1]
        assert url in first
        assert 'aria-selected="true"' in first


def test_every_word_typed_begins_a_word_of_a_page(app: Flask) -> None:
    shop = make_shop(app)

    def found(text: str) -> str:
        return (
            as_role(app, shop)
            .get(shop.url("/search/"), query_string={"q": text}, headers=PART)
            .text
        )

    assert "New segment" in found("new seg")
    assert "New segment" not in found("new zebra")
    assert "Deleted customers" in found("DEL")


@pytest.mark.parametrize("odd", ["%00", "%ff", "%25", "'", "#", "@", "x" * 4_000])
def test_odd_text_is_no_error(app: Flask, odd: str) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    for headers in ({}, PART):
        assert client.get(shop.url(f"/search/?q={odd}"), headers=headers).status_code == 200


def test_hostile_text_is_only_text(app: Flask) -> None:
    shop = make_shop(app)
    answer = as_role(app, shop).get(shop.url("/search/"), query_string={"q": "<script>'%_\\"})
    assert answer.status_code == 200
    assert "<script>'" not in answer.text
