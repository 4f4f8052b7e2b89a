"""What a customer sees of their own points."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nxloy_web import clock
from nxloy_web.customers import status
from nxloy_web.db import db
from tests.factories import Shop, inside, make_customer, make_reward, make_shop, make_tier
from tests.portal.steps import give_points, member


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    shop = make_shop(app)
    make_tier(app, shop, "Bronze", 0)
    make_tier(app, shop, "Gold", 500)
    return shop


def test_the_card_shows_points_and_the_way_to_the_next_tier(app: Flask, shop: Shop) -> None:
    browser, _ = member(app, shop, points=480)
    text = browser.get(shop.portal("/card")).text
    assert "480 <span" in text
    assert "20 points to Gold" in text
    assert '<progress value="480" max="500"' in text


def test_a_new_card_shows_the_program_before_the_first_point(app: Flask, shop: Shop) -> None:
    browser, _ = member(app, shop)
    text = browser.get(shop.portal("/card")).text
    assert "0 <span" in text
    assert "500 points to Gold" in text


def test_the_member_code_can_be_scanned_and_read(app: Flask, shop: Shop) -> None:
    browser, _ = member(app, shop, member_code="7K3M9QXW")
    text = browser.get(shop.portal("/card")).text
    assert "7K3M 9QXW" in text
    assert 'class="qr"' in text
    assert "<path" in text
    assert "style=" not in text


def test_points_about_to_end_are_pointed_out_with_their_last_day(app: Flask, shop: Shop) -> None:
    browser, customer_id = member(app, shop)
    last_day = (clock.now() + timedelta(days=20)).date()
    # The instant kept is the first one after the last good day.
    end = datetime.combine(last_day + timedelta(days=1), time.min, tzinfo=ZoneInfo("Europe/Berlin"))
    give_points(app, shop, customer_id, 120, expires_at=end)
    text = browser.get(shop.portal("/card")).text
    assert f"120 points can be used until the end of {last_day.day} {last_day:%B %Y}" in text


def test_an_expired_point_is_never_shown_however_late_the_job_is(app: Flask, shop: Shop) -> None:
    browser, customer_id = member(app, shop)
    now = clock.now()
    give_points(
        app, shop, customer_id, 900, at=now - timedelta(days=9), expires_at=now - timedelta(days=1)
    )
    text = browser.get(shop.portal("/card")).text
    assert "0 <span" in text
    assert "900 <span" not in text


def test_rewards_in_reach_stand_on_the_card(app: Flask) -> None:
    shop = make_shop(app)
    make_reward(app, shop, "Flat white", points_cost=100)
    make_reward(app, shop, "Tasting", points_cost=900)
    browser, _ = member(app, shop, points=150)
    text = browser.get(shop.portal("/card")).text
    assert "Flat white" in text
    assert "Tasting" not in text


def test_a_blocked_customer_is_told_kindly(app: Flask, shop: Shop) -> None:
    browser, customer_id = member(app, shop, points=50)
    with inside(app, shop):
        status.block(customer_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    text = browser.get(shop.portal("/card")).text
    assert "Your card is paused" in text
    assert "blocked" not in text


def test_the_history_says_why_and_goes_back_page_by_page(app: Flask, shop: Shop) -> None:
    browser, customer_id = member(app, shop)
    start = datetime(2026, 5, 1, 9, tzinfo=UTC)
    for number in range(1, 31):
        give_points(
            app,
            shop,
            customer_id,
            number,
            at=start + timedelta(hours=number),
            why=f"step of purchase {number}",
        )
    first = browser.get(shop.portal("/history")).text
    assert "step of purchase 30" in first
    assert "step of purchase 5<" not in first
    assert "Why +30?" in first
    older = browser.get(shop.portal("/history"), params={"before": 6}).text
    assert "step of purchase 5<" in older
    assert "step of purchase 30" not in older


def test_a_history_of_nothing_says_what_to_do(app: Flask, shop: Shop) -> None:
    browser, _ = member(app, shop)
    assert "Show your code when you pay" in browser.get(shop.portal("/history")).text
    strange = browser.get(shop.portal("/history"), params={"before": "x", "program": "y"})
    assert strange.status_code == 200


def test_two_businesses_stay_apart(app: Flask, shop: Shop) -> None:
    other = make_shop(app)
    browser, _ = member(app, shop, points=77)
    make_customer(app, other)
    for path in ("/card", "/rewards", "/history", "/profile", "/profile/my-data.json"):
        answer = browser.get(other.portal(path))
        assert (answer.status_code, "/sign-in" in answer.location) == (303, True), path
