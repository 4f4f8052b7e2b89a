"""Choosing a reward, asking for it, and following it."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from nxloy_web import clock
from nxloy_web.customers import service as customers
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import current_business_id
from nxloy_web.redemptions import service
from nxloy_web.tables.rewards import Picture
from tests.factories import Shop, inside, make_reward, make_shop
from tests.portal.steps import Admin, member

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture(scope="module")
def reward_id(app: Flask, shop: Shop) -> str:
    return make_reward(app, shop, "Flat white", points_cost=100)


def ask(client: Any, shop: Shop, reward_id: str, row_id: str | None = None) -> Any:
    return client.post(
        shop.portal(f"/rewards/{reward_id}/requests"), data={"new_id": row_id or new_id()}
    )


def decide(app: Flask, shop: Shop, verb: Any, redemption_id: str, **more: Any) -> None:
    with inside(app, shop):
        verb(redemption_id, by=shop.actor(), at=clock.now(), **more)
        db.session.commit()


def spendable(admin: Admin, customer_id: str) -> int:
    row = admin.execute(
        "SELECT spendable FROM customer_balances WHERE customer_id = %s", (customer_id,)
    ).fetchone()
    return 0 if row is None else int(row[0])


def test_a_reward_out_of_reach_says_what_is_missing(app: Flask, shop: Shop, reward_id: str) -> None:
    client, _ = member(app, shop, points=60)
    assert "40 more points are needed." in client.get(shop.portal("/rewards")).text
    detail = client.get(shop.portal(f"/rewards/{reward_id}")).text
    assert "40 more points are needed." in detail
    assert "Redeem for" not in detail
    only_now = client.get(shop.portal("/rewards?show=now")).text
    assert "Flat white" not in only_now
    refused = ask(client, shop, reward_id)
    assert refused.status_code == 409
    assert "40 more points are needed." in refused.text


def test_pressed_twice_asks_once(app: Flask, shop: Shop, reward_id: str, as_admin: Admin) -> None:
    client, customer_id = member(app, shop, points=250)
    assert "Redeem for 100 points" in client.get(shop.portal(f"/rewards/{reward_id}")).text
    row_id = new_id()
    answers = [ask(client, shop, reward_id, row_id) for _ in range(2)]
    assert {answer.location for answer in answers} == {shop.portal(f"/redemptions/{row_id}")}
    assert spendable(as_admin, customer_id) == 150


def test_a_hostile_id_is_refused(app: Flask, shop: Shop, reward_id: str) -> None:
    client, _ = member(app, shop, points=250)
    answer = ask(client, shop, reward_id, "1; DROP TABLE")
    assert answer.status_code == 422
    assert ask(client, shop, "nothing").status_code == 404


def test_a_redemption_shows_its_code_and_is_asked_about_until_it_ends(
    app: Flask, shop: Shop, reward_id: str
) -> None:
    client, _ = member(app, shop, points=100)
    url = ask(client, shop, reward_id).location
    redemption_id = url.rsplit("/", 1)[1]
    waiting = client.get(url).text
    assert "Waiting for the shop" in waiting
    assert "NX-" in waiting
    assert 'hx-trigger="every 5s"' in waiting
    card = client.get(shop.portal("/card")).text
    assert "Waiting for the shop" in card

    decide(app, shop, service.approve, redemption_id)
    part = client.get(url, headers=PARTIAL).text
    assert "<html" not in part
    assert "Ready to collect" in part
    assert 'hx-trigger="every 5s"' in part
    assert "Cancel this request" not in part

    decide(app, shop, service.fulfil, redemption_id)
    done = client.get(url, headers=PARTIAL).text
    assert "Enjoy!" in done
    assert "hx-trigger" not in done
    fresh = client.get(shop.portal("/card/requests"), headers=PARTIAL).text
    assert "Collected" in fresh
    assert "hx-trigger" not in fresh
    assert 'hx-target="#wallets"' in fresh
    assert client.get(shop.portal("/card/requests")).location == shop.portal("/card")


def test_the_code_can_be_kept_as_a_picture_while_it_is_good(
    app: Flask, shop: Shop, reward_id: str
) -> None:
    client, _ = member(app, shop, points=100)
    url = ask(client, shop, reward_id).location
    picture = client.get(f"{url}/qr.png")
    assert picture.mimetype == "image/png"
    assert Image.open(BytesIO(picture.data)).width > 200
    assert client.post(f"{url}/cancellation").status_code == 303
    assert client.get(f"{url}/qr.png").status_code == 404


def test_cancelling_an_own_request_brings_the_points_back(
    app: Flask, shop: Shop, reward_id: str, as_admin: Admin
) -> None:
    client, customer_id = member(app, shop, points=100)
    url = ask(client, shop, reward_id).location
    assert spendable(as_admin, customer_id) == 0
    for _ in range(2):
        assert client.post(f"{url}/cancellation").location == url
    assert spendable(as_admin, customer_id) == 100
    assert "Cancelled" in client.get(url).text


def test_what_the_shop_has_promised_is_called_off_at_the_counter_only(
    app: Flask, shop: Shop, reward_id: str, as_admin: Admin
) -> None:
    client, customer_id = member(app, shop, points=100)
    url = ask(client, shop, reward_id).location
    decide(app, shop, service.approve, url.rsplit("/", 1)[1])
    answer = client.post(f"{url}/cancellation")
    assert answer.status_code == 409
    assert "Ask at the counter" in answer.text
    assert spendable(as_admin, customer_id) == 0


def test_a_reason_the_shop_gave_is_told(app: Flask, shop: Shop, reward_id: str) -> None:
    client, _ = member(app, shop, points=100)
    url = ask(client, shop, reward_id).location
    decide(app, shop, service.cancel, url.rsplit("/", 1)[1], reason="The machine is broken")
    text = client.get(url).text
    assert "The machine is broken. 100 points are back on your card." in text


def test_a_redemption_of_somebody_else_is_not_found(app: Flask, shop: Shop, reward_id: str) -> None:
    client, _ = member(app, shop, points=100)
    url = ask(client, shop, reward_id).location
    neighbour, _ = member(app, shop, points=100)
    other = make_shop(app)
    stranger, _ = member(app, other, points=100)
    there = other.portal(url.removeprefix(shop.portal()))
    for path in ("", "/qr.png"):
        assert neighbour.get(url + path).status_code == 404
        assert stranger.get(there + path).status_code == 404
    assert neighbour.post(f"{url}/cancellation").status_code == 404
    assert stranger.post(f"{there}/cancellation").status_code == 404
    assert ask(stranger, other, reward_id).status_code == 404


def test_a_blocked_customer_cannot_ask(
    app: Flask, shop: Shop, reward_id: str, as_admin: Admin
) -> None:
    client, customer_id = member(app, shop, points=100)
    with inside(app, shop):
        customers.block(customer_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    page = client.get(shop.portal(f"/rewards/{reward_id}")).text
    assert "Your card is paused" in page
    assert "Redeem for" not in page
    assert ask(client, shop, reward_id).status_code == 409
    assert spendable(as_admin, customer_id) == 100


def test_the_last_one_goes_to_whoever_was_first(app: Flask, shop: Shop, as_admin: Admin) -> None:
    last = make_reward(app, shop, "Last mug", points_cost=10, total_stock=1, current_stock=1)
    first, _ = member(app, shop, points=10)
    second, customer_id = member(app, shop, points=10)
    assert "Redeem for 10 points" in second.get(shop.portal(f"/rewards/{last}")).text
    assert ask(first, shop, last).status_code == 303
    late = ask(second, shop, last)
    assert late.status_code == 409
    assert "out of stock" in late.text
    assert spendable(as_admin, customer_id) == 10


def test_a_reward_without_approval_is_ready_at_once(app: Flask, shop: Shop) -> None:
    quick = make_reward(app, shop, "Biscuit", points_cost=5, needs_approval=False)
    client, _ = member(app, shop, points=5)
    assert "Ready to collect" in client.get(ask(client, shop, quick).location).text


def test_a_picture_is_served_to_anybody_and_kept_for_ever(app: Flask, shop: Shop) -> None:
    with inside(app, shop):
        db.session.add(
            Picture(
                business_id=current_business_id(),
                sha256="a" * 64,
                media_type="image/webp",
                width=1,
                height=1,
                content=b"picture",
            )
        )
        db.session.commit()
    client = app.test_client()
    answer = client.get(shop.portal(f"/pictures/{'a' * 64}"))
    assert (answer.data, answer.mimetype) == (b"picture", "image/webp")
    assert "immutable" in answer.headers["Cache-Control"]
    assert client.get(make_shop(app).portal(f"/pictures/{'a' * 64}")).status_code == 404
