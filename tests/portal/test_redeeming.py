"""Choosing a reward, asking for it, and following it."""

from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from nxloy_web import clock
from nxloy_web.customers import status
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.scope import current_business_id
from nxloy_web.redemptions import deciding, taking_back
from nxloy_web.tables.rewards import Picture
from tests.factories import Shop, inside, make_reward, make_shop
from tests.portal.steps import Admin, member
from tests.pressing import Browser, Hostile, Page, browser_of, buttons_of, hostile_post, press

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture(scope="module")
def reward_id(app: Flask, shop: Shop) -> str:
    return make_reward(app, shop, "Flat white", points_cost=100)


def detail(browser: Browser, shop: Shop, reward_id: str) -> Page:
    return browser.get(shop.portal(f"/rewards/{reward_id}"))


def ask(browser: Browser, shop: Shop, reward_id: str, points: int = 100) -> str:
    """Ask for it on its page; the address of the request."""
    answer = press(detail(browser, shop, reward_id), f"Redeem for {points} points")
    assert answer.request.path.startswith(shop.portal("/redemptions/")), answer.text
    return str(answer.request.path)


def forge(browser: Browser, shop: Shop, reward_id: str, why: Hostile, **fields: str) -> Page:
    there = shop.portal(f"/rewards/{reward_id}/requests")
    return hostile_post(browser, why, there, {"new_id": new_id()} | fields)


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
    browser, _ = member(app, shop, points=60)
    assert "40 more points are needed." in browser.get(shop.portal("/rewards")).text
    page = detail(browser, shop, reward_id)
    assert "40 more points are needed." in page.text
    assert "Redeem for" not in page.text
    only_now = browser.get(shop.portal("/rewards?show=now")).text
    assert "Flat white" not in only_now
    refused = forge(browser, shop, reward_id, "no such state")
    assert refused.status_code == 409
    assert "40 more points are needed." in refused.text


def test_pressed_twice_asks_once(app: Flask, shop: Shop, reward_id: str, as_admin: Admin) -> None:
    browser, customer_id = member(app, shop, points=250)
    page = detail(browser, shop, reward_id)
    first, second = (press(page, "Redeem for 100 points") for _ in range(2))
    assert first.request.path == second.request.path
    assert spendable(as_admin, customer_id) == 150


def test_a_hostile_id_is_refused(app: Flask, shop: Shop, reward_id: str) -> None:
    browser, _ = member(app, shop, points=250)
    answer = forge(browser, shop, reward_id, "a wrong id", new_id="1; DROP TABLE")
    assert answer.status_code == 422
    assert forge(browser, shop, "nothing", "a wrong id").status_code == 404


def test_a_redemption_shows_its_code_and_is_asked_about_until_it_ends(
    app: Flask, shop: Shop, reward_id: str
) -> None:
    browser, _ = member(app, shop, points=100)
    url = ask(browser, shop, reward_id)
    redemption_id = url.rsplit("/", 1)[1]
    waiting = browser.get(url).text
    assert "Waiting for the shop" in waiting
    assert "NX-" in waiting
    assert 'hx-trigger="every 5s"' in waiting
    card = browser.get(shop.portal("/card")).text
    assert "Waiting for the shop" in card

    decide(app, shop, deciding.approve, redemption_id)
    part = browser.get(url, headers=PARTIAL).text
    assert "<html" not in part
    assert "Ready to collect" in part
    assert 'hx-trigger="every 5s"' in part
    assert "Cancel this request" not in part

    decide(app, shop, deciding.fulfil, redemption_id)
    done = browser.get(url, headers=PARTIAL).text
    assert "Enjoy!" in done
    assert "hx-trigger" not in done
    fresh = browser.get(shop.portal("/card/requests"), headers=PARTIAL).text
    assert "Collected" in fresh
    assert "hx-trigger" not in fresh
    assert 'hx-target="#wallets"' in fresh
    whole = browser.get(shop.portal("/card/requests")).follow()
    assert whole.request.path == shop.portal("/card")


def test_the_code_can_be_kept_as_a_picture_while_it_is_good(
    app: Flask, shop: Shop, reward_id: str
) -> None:
    browser, _ = member(app, shop, points=100)
    url = ask(browser, shop, reward_id)
    picture = browser.get(f"{url}/qr.png")
    assert picture.content_type == "image/png"
    assert Image.open(BytesIO(picture.body)).width > 200
    press(browser.get(url), "Cancel this request")
    browser.get(f"{url}/qr.png", status=404)


def test_cancelling_an_own_request_brings_the_points_back(
    app: Flask, shop: Shop, reward_id: str, as_admin: Admin
) -> None:
    browser, customer_id = member(app, shop, points=100)
    url = ask(browser, shop, reward_id)
    assert spendable(as_admin, customer_id) == 0
    waiting = browser.get(url)
    for _ in range(2):
        assert press(waiting, "Cancel this request").request.path == url
    assert spendable(as_admin, customer_id) == 100
    assert "Cancelled" in browser.get(url).text


def test_what_was_approved_by_itself_can_be_called_off_until_it_is_handed_over(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    """D11."""
    reward_id = make_reward(app, shop, "Cookie", points_cost=100, needs_approval=False)
    browser, customer_id = member(app, shop, points=200)
    first, second = ask(browser, shop, reward_id), ask(browser, shop, reward_id)
    ready = browser.get(second)
    assert "Ready to collect" in browser.get(first).text
    press(browser.get(first), "Cancel this request")
    assert spendable(as_admin, customer_id) == 100
    decide(app, shop, deciding.fulfil, second.rsplit("/", 1)[1])
    assert press(ready, "Cancel this request").status_code == 409
    assert spendable(as_admin, customer_id) == 100


def test_what_the_shop_has_promised_is_called_off_at_the_counter_only(
    app: Flask, shop: Shop, reward_id: str, as_admin: Admin
) -> None:
    browser, customer_id = member(app, shop, points=100)
    url = ask(browser, shop, reward_id)
    waiting = browser.get(url)
    decide(app, shop, deciding.approve, url.rsplit("/", 1)[1])
    answer = press(waiting, "Cancel this request")
    assert answer.status_code == 409
    assert "Ask at the counter" in answer.text
    assert spendable(as_admin, customer_id) == 0


def test_a_reason_the_shop_gave_is_told(app: Flask, shop: Shop, reward_id: str) -> None:
    browser, _ = member(app, shop, points=100)
    url = ask(browser, shop, reward_id)
    decide(app, shop, taking_back.cancel, url.rsplit("/", 1)[1], reason="The machine is broken")
    text = browser.get(url).text
    assert "The machine is broken. 100 points are back on your card." in text


def test_a_redemption_of_somebody_else_is_not_found(app: Flask, shop: Shop, reward_id: str) -> None:
    browser, _ = member(app, shop, points=100)
    url = ask(browser, shop, reward_id)
    neighbour, _ = member(app, shop, points=100)
    other = make_shop(app)
    stranger, _ = member(app, other, points=100)
    there = other.portal(url.removeprefix(shop.portal()))
    for path in ("", "/qr.png"):
        neighbour.get(url + path, status=404)
        stranger.get(there + path, status=404)
    for somebody, where in ((neighbour, url), (stranger, there)):
        answer = hostile_post(somebody, "a stranger", f"{where}/cancellation")
        assert answer.status_code == 404
    assert forge(stranger, other, reward_id, "a stranger").status_code == 404


def test_a_blocked_customer_cannot_ask(
    app: Flask, shop: Shop, reward_id: str, as_admin: Admin
) -> None:
    browser, customer_id = member(app, shop, points=100)
    opened = detail(browser, shop, reward_id)
    with inside(app, shop):
        status.block(customer_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    page = detail(browser, shop, reward_id)
    assert "Your card is paused" in page.text
    assert "Redeem for 100 points" not in buttons_of(page)
    assert press(opened, "Redeem for 100 points").status_code == 409
    assert spendable(as_admin, customer_id) == 100


def test_the_last_one_goes_to_whoever_was_first(app: Flask, shop: Shop, as_admin: Admin) -> None:
    last = make_reward(app, shop, "Last mug", points_cost=10, total_stock=1, current_stock=1)
    first, _ = member(app, shop, points=10)
    second, customer_id = member(app, shop, points=10)
    opened = detail(second, shop, last)
    ask(first, shop, last, 10)
    late = press(opened, "Redeem for 10 points")
    assert late.status_code == 409
    assert "out of stock" in late.text
    assert spendable(as_admin, customer_id) == 10


def test_a_reward_without_approval_is_ready_at_once(app: Flask, shop: Shop) -> None:
    quick = make_reward(app, shop, "Biscuit", points_cost=5, needs_approval=False)
    browser, _ = member(app, shop, points=5)
    assert "Ready to collect" in browser.get(ask(browser, shop, quick, 5)).text


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
    browser = browser_of(app)
    answer = browser.get(shop.portal(f"/pictures/{'a' * 64}"))
    assert (answer.body, answer.content_type) == (b"picture", "image/webp")
    assert "immutable" in answer.headers["Cache-Control"]
    browser.get(make_shop(app).portal(f"/pictures/{'a' * 64}"), status=404)
