"""The list of the desk: its figures, "Reject" in the row, and leaving some out of many. Row D9."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from nxloy_web.permissions import Role
from nxloy_web.redemptions import queries
from tests.factories import NOON, Shop, inside, make_shop
from tests.pressing import (
    HTMX,
    Browser,
    browser_as,
    buttons_of,
    hostile_post,
    press,
    press_with_htmx,
    words_of,
)
from tests.redemptions.test_queue import approve, asked, status, url

HOUR = timedelta(hours=1)
DAY = 24 * HOUR
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.STAFF)


def test_the_figures_are_those_of_the_queue(app: Flask, shop: Shop, as_admin: Any) -> None:
    """D9: counted by the database, on the clock of the shop."""
    times: list[tuple[str, Any, Any, Any]] = [
        ("PENDING", NOON - 19 * HOUR, None, None),
        ("PENDING", NOON - HOUR, None, None),
        ("FULFILLED", NOON - 3 * HOUR, NOON - 2 * HOUR, NOON - HOUR),
        ("FULFILLED", NOON - 8 * HOUR, NOON - 6 * HOUR, NOON - HOUR),
        # By itself, the night before, and at this time of the day a week ago.
        ("FULFILLED", NOON - 3 * HOUR, NOON - 3 * HOUR, NOON - 15 * HOUR),
        ("FULFILLED", NOON - 8 * DAY, NOON - 8 * DAY + 5 * HOUR, NOON - 7 * DAY - HOUR),
        ("FULFILLED", NOON - 8 * DAY, NOON - 8 * DAY + 5 * HOUR, NOON - 7 * DAY + HOUR),
    ]
    for number, (state, requested, approved, fulfilled) in enumerate(times):
        row = asked(app, shop, f"Guest {number}")
        as_admin.execute(
            "UPDATE reward_redemptions SET status = %s, requested_at = %s, approved_at = %s,"
            " fulfilled_at = %s, expires_at = now() + interval '1 day' WHERE id = %s",
            (state, requested, approved, fulfilled, row.id),
        )
    with inside(app, shop):
        assert queries.figures(NOON, BERLIN) == queries.Figures(
            waiting=2,
            oldest=NOON - 19 * HOUR,
            handed_over=2,
            handed_over_before=1,
            wait=1.5 * HOUR,
            wait_before=5 * HOUR,
        )


def test_an_empty_queue_has_figures_too(app: Flask, shop: Shop, staff: Browser) -> None:
    with inside(app, shop):
        assert queries.figures(NOON, BERLIN) == queries.Figures(0, None, 0, 0, None, None)
    said = words_of(staff.get(shop.url("/redemptions/")).text)
    for sentence in ("Waiting for you 0 nothing waits", "Low in stock 0 everything is there"):
        assert sentence in said


def test_what_is_low_is_named(app: Flask, shop: Shop, staff: Browser, as_admin: Any) -> None:
    asked(app, shop, "Ann", "Tote bag")
    as_admin.execute("UPDATE rewards SET total_stock = 50, current_stock = 2")
    said = words_of(staff.get(shop.url("/redemptions/")).text)
    assert "Low in stock 1 Tote bag: 2 left" in said


def test_a_press_in_the_row_brings_the_figures_along(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    """D7: the tab said 8, the navigation 9."""
    row = asked(app, shop)
    page = staff.get(shop.url("/redemptions/"))
    assert "Waiting for you 1" in words_of(page.text)
    answer = press_with_htmx(page, f"Approve {row.code}")
    assert "Waiting for you 0" in words_of(answer.text)
    polled = staff.get(shop.url("/redemptions/"), headers=HTMX)
    assert polled.text.count('hx-target="#redemption-figures"') == 1


def test_a_request_is_rejected_from_its_row_with_a_reason(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    """D9: without JavaScript; the list is shown again as it was."""
    row = asked(app, shop, "Ann", "Cake")
    queue = staff.get(shop.url("/redemptions/?q=cake&status=PENDING"))
    form = queue.click("Reject", href="/rejection")
    refused = press(form, "Reject")
    assert (refused.status_code, "Say why" in refused.text) == (422, True)
    assert status(as_admin, row) == "PENDING"
    done = press(refused, "Reject", reason="No cake left")
    assert done.request.path_qs.endswith("/redemptions/?q=cake&status=PENDING")
    assert status(as_admin, row) == "CANCELLED"
    assert "No cake left" in words_of(staff.get(url(shop, row)).text)
    press(form, "Reject", reason="Pressed once more")
    assert "Pressed once more" not in words_of(staff.get(url(shop, row)).text)


def test_who_decides_nothing_rejects_nothing(app: Flask, shop: Shop) -> None:
    row = asked(app, shop)
    analyst = browser_as(app, shop, Role.ANALYST)
    assert "Reject" not in words_of(analyst.get(shop.url("/redemptions/")).text)
    assert analyst.get(f"{url(shop, row)}/rejection", status="*").status_code == 403


def test_a_way_back_from_a_rejection_never_leaves_the_site(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    row = asked(app, shop)
    form = staff.get(f"{url(shop, row)}/rejection?back=//evil.example/")
    done = press(form, "Reject", reason="Stale")
    assert done.request.path == shop.url("/redemptions/")
    forged = {"back": "//evil.example/", "reason": "Stale"}
    there = f"{url(shop, asked(app, shop))}/rejection"
    answer = hostile_post(staff, "a forged field", there, forged)
    assert answer.location.endswith(shop.url("/redemptions/"))


def test_some_are_left_out_of_many_and_the_sums_are_asked_again(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    """C2, D9: the button always says what it does."""
    rows = [asked(app, shop, f"Guest {n}", "Shirt") for n in range(3)]
    as_admin.execute("UPDATE reward_redemptions SET money_cost = 500, currency = 'EUR'")
    for row in rows:
        approve(staff, shop, row)
    ids = [row.id for row in rows]
    asks = press(staff.get(shop.url("/redemptions/")), "Hand over", where="#bulk", id=ids)
    again = press(asks, "€15.00 taken, hand over 3", id=ids[:2])
    assert "Hand over 2 rewards?" in words_of(again.text)
    assert {status(as_admin, row) for row in rows} == {"APPROVED"}
    one = press(again, "€10.00 taken, hand over 2", id=ids[:1])
    assert "Take €5.00 in all" in words_of(one.text)
    press(one, "€5.00 taken, hand over 1")
    assert [status(as_admin, row) for row in rows] == ["FULFILLED", "APPROVED", "APPROVED"]
    assert "Yes, hand over 2" not in buttons_of(one)
