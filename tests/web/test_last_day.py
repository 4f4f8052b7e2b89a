"""An exclusive end is the same last day on every page, slip and letter (P8)."""

from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nxloy_web import clock, worker
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger.expiry import end_of_day
from nxloy_web.ledger.jobs import settle_due
from nxloy_web.redemptions import asking, deciding, notices
from nxloy_web.wording import Wording
from tests.factories import Shop, as_role, inside, make_reward, make_shop
from tests.portal.steps import Admin, give_points, member
from tests.redemptions.test_notices import settle

BERLIN = ZoneInfo("Europe/Berlin")
ENGLISH = Wording(BERLIN, "en")


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def tomorrow() -> datetime:
    return end_of_day(clock.now().astimezone(BERLIN).date() + timedelta(days=1), BERLIN)


def is_said(end: datetime, text: str) -> bool:
    """The last good day stands there, and the day after it nowhere in its place."""
    last, after = (day.astimezone(BERLIN) for day in (end - timedelta(days=1), end))
    right = f"{last.day} {last:%B} {last.year}"
    wrong = (f"{after.day} {after:%B} {after.year}", f"{after.day} {after:%b} {after.year}")
    return right in text and not any(day in text for day in wrong)


def test_the_first_instant_of_a_day_is_the_end_of_the_day_before() -> None:
    end = datetime(2026, 12, 12, 0, 0, tzinfo=BERLIN)
    assert ENGLISH.last_day(end) == "11 December 2026"
    assert ENGLISH.last_day(end.astimezone(UTC)) == "11 December 2026"
    assert ENGLISH.last_day(datetime(2026, 12, 1, tzinfo=BERLIN)) == "30 November 2026"
    assert Wording(BERLIN, "de").last_day(end) == "11 Dezember 2026"
    assert ENGLISH.last_day(end - timedelta(hours=6)) == "11 December 2026, 18:00"


def test_a_day_without_a_midnight_ends_where_the_clock_jumps() -> None:
    beirut = ZoneInfo("Asia/Beirut")
    before_the_jump = datetime(2026, 3, 28, tzinfo=beirut).date()
    assert Wording(beirut, "en").last_day(end_of_day(before_the_jump, beirut)) == "28 March 2026"


def test_a_request_has_one_last_day(app: Flask, shop: Shop, as_admin: Admin) -> None:
    customer, customer_id = member(app, shop, email="p8@example.com")
    give_points(app, shop, customer_id, 500, at=clock.now() - timedelta(days=5))
    reward_id = make_reward(app, shop, "Mug", points_cost=100)
    redemption_id, end = new_id(), tomorrow()
    with inside(app, shop):
        asking.ask(
            id=redemption_id,
            customer_id=customer_id,
            reward_id=reward_id,
            by=shop.actor(),
            at=clock.now() - timedelta(days=3),
        )
        db.session.commit()
    as_admin.execute(
        "UPDATE reward_redemptions SET expires_at = %s WHERE id = %s", (end, redemption_id)
    )
    with inside(app, shop):
        deciding.approve(redemption_id, by=shop.actor(), at=clock.now())
        db.session.commit()
    settle(app)
    with inside(app, shop):
        notices.remind()

    staff = as_role(app, shop)
    assert is_said(end, staff.get(shop.url(f"/redemptions/{redemption_id}")).text)
    assert is_said(end, staff.get(shop.url(f"/redemptions/{redemption_id}/slip")).text)
    assert is_said(end, customer.get(shop.portal(f"/redemptions/{redemption_id}")).text)
    worker.run_until_idle(app)
    approved, reminded = letters_to(app, "p8@example.com")
    assert is_said(end, approved)
    assert is_said(end, reminded)

    with inside(app, shop), pytest.raises(deciding.Lapsed) as refused:
        deciding.fulfil(redemption_id, by=shop.actor(), at=end)
    assert is_said(end, str(refused.value))


def test_points_have_one_last_day(app: Flask, shop: Shop) -> None:
    customer, customer_id = member(app, shop)
    end = tomorrow()
    give_points(app, shop, customer_id, 70, expires_at=end)
    assert is_said(end, as_role(app, shop).get(shop.url(f"/customers/{customer_id}")).text)
    assert is_said(end, customer.get(shop.portal("/card")).text)


def test_points_that_expired_did_so_on_their_last_day(app: Flask, shop: Shop) -> None:
    customer, customer_id = member(app, shop)
    end = tomorrow() - timedelta(days=30)
    end = end_of_day(end.astimezone(BERLIN).date(), BERLIN)
    give_points(app, shop, customer_id, 70, at=end - timedelta(days=90), expires_at=end)
    with inside(app, shop):
        settle_due()
    staff = as_role(app, shop)
    assert is_said(end, staff.get(shop.url(f"/ledger/?customer={customer_id}")).text)
    assert is_said(end, staff.get(shop.url(f"/customers/{customer_id}?tab=activity")).text)
    assert is_said(end, customer.get(shop.portal("/card")).text)
    assert is_said(end, customer.get(shop.portal("/history")).text)


def test_an_offer_has_one_last_day(app: Flask, shop: Shop) -> None:
    end = tomorrow()
    reward_id = make_reward(app, shop, "Cake", points_cost=100, end_date=end)
    customer, _ = member(app, shop)
    assert is_said(end, as_role(app, shop).get(shop.url(f"/rewards/{reward_id}")).text)
    assert is_said(end, customer.get(shop.portal(f"/rewards/{reward_id}")).text)


def letters_to(app: Flask, address: str) -> list[str]:
    """What was delivered, in order: subject and text."""
    found = []
    for path in sorted((Path(app.config["INSTANCE"]) / "outbox").iterdir()):
        letter = message_from_bytes(path.read_bytes(), policy=policy.default)
        if letter["To"] == address:
            body = letter.get_body(("plain",))
            assert body is not None
            found.append(f"{letter['Subject']}\n{body.get_content()}")
    return found
