"""The redemption queue: filter, decide, take back, in bulk, export, find by code."""

from typing import Any

import pytest
from flask import Flask

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.paging import PAGE
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking
from nxloy_web.tables.redemptions import RewardRedemption
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop
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


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.STAFF)


def asked(app: Flask, shop: Shop, name: str = "Amara", reward: str = "Cake") -> RewardRedemption:
    """A request for a reward of 100 points by a new customer, as it stands now."""
    customer_id = make_customer(app, shop, name)
    reward_id = make_reward(app, shop, reward)
    with inside(app, shop):
        at = clock.now()
        ledger.adjust(
            customer_id,
            shop.program_id,
            500,
            id=new_id(),
            reason="Welcome",
            by=shop.actor(),
            at=NOON,
        )
        redemption = asking.ask(
            id=new_id(), customer_id=customer_id, reward_id=reward_id, by=shop.actor(), at=at
        )
        db.session.commit()
        return redemption


def status(as_admin: Any, redemption: RewardRedemption) -> str:
    return str(
        as_admin.execute(
            "SELECT status FROM reward_redemptions WHERE id = %s", (redemption.id,)
        ).fetchone()[0]
    )


def points(as_admin: Any, redemption: RewardRedemption) -> int:
    return int(
        as_admin.execute(
            "SELECT balance FROM customer_balances WHERE customer_id = %s",
            (redemption.customer_id,),
        ).fetchone()[0]
    )


def url(shop: Shop, redemption: RewardRedemption) -> str:
    return shop.url(f"/redemptions/{redemption.id}")


def approve(staff: Browser, shop: Shop, redemption: RewardRedemption) -> None:
    press(staff.get(url(shop, redemption)), "Approve")


def test_a_request_is_approved_and_handed_over(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    redemption = asked(app, shop)
    assert redemption.code in staff.get(shop.url("/redemptions/")).text
    approved = press(staff.get(url(shop, redemption)), "Approve")
    page = press(approved, "Hand over")
    assert page.request.path == url(shop, redemption)
    assert status(as_admin, redemption) == "FULFILLED"
    assert points(as_admin, redemption) == 400
    for step in ("Requested", "Approved", "Fulfilled"):
        assert step in page.text


def test_the_fragment_equals_the_row_in_the_page(app: Flask, shop: Shop, staff: Browser) -> None:
    redemption = asked(app, shop)
    queue = staff.get(shop.url("/redemptions/"))
    answer = press_with_htmx(queue, f"Approve {redemption.code}")
    assert answer.status_code == 200
    assert f'id="redemption-{redemption.id}"' in answer.text
    assert "nx-toast" in answer.text
    assert f"Hand over {redemption.code}" in buttons_of(answer)
    assert "<html" not in answer.text


def test_the_second_of_two_staff_reads_who_was_first(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    redemption = asked(app, shop)
    before = staff.get(url(shop, redemption))
    approve(browser_as(app, shop, Role.MANAGER), shop, redemption)
    late = press(before, "Approve")
    assert late.status_code == 409
    assert "Manager of" in late.text
    assert status(as_admin, redemption) == "APPROVED"


def test_nobody_cancels_what_was_approved_since_they_looked(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    """The page drew `version` twice, the empty one first, and every page counted as fresh."""
    redemption = asked(app, shop)
    before = staff.get(url(shop, redemption))
    approve(browser_as(app, shop, Role.MANAGER), shop, redemption)
    late = press(before, "Cancel this request", reason="Out of cake")
    assert late.status_code == 409
    assert "Manager of" in late.text
    assert status(as_admin, redemption) == "APPROVED"


def test_cancelling_needs_a_reason_and_gives_the_points_back(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    redemption = asked(app, shop)
    refused = press(staff.get(url(shop, redemption)), "Cancel this request", reason=" ")
    assert refused.status_code == 422
    assert "Say why" in refused.text
    press(refused, "Cancel this request", reason="Out of cake")
    assert status(as_admin, redemption) == "CANCELLED"
    assert points(as_admin, redemption) == 500


def test_only_a_manager_refunds(app: Flask, shop: Shop, staff: Browser, as_admin: Any) -> None:
    redemption = asked(app, shop)
    page = press(press(staff.get(url(shop, redemption)), "Approve"), "Hand over")
    assert "Refund this reward" not in buttons_of(page)
    sent = {"reason": "Stale"}
    refused = hostile_post(staff, "no right", f"{url(shop, redemption)}/refund", sent)
    assert refused.status_code == 403
    manager = browser_as(app, shop, Role.MANAGER)
    press(manager.get(url(shop, redemption)), "Refund this reward", reason="Stale")
    assert status(as_admin, redemption) == "REFUNDED"
    assert points(as_admin, redemption) == 500


def test_bulk_does_what_can_be_done_and_says_what_cannot(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    first, second = asked(app, shop, "Ann", "Tea"), asked(app, shop, "Bo", "Bun")
    queue = staff.get(shop.url("/redemptions/"))
    press(staff.get(url(shop, second)), "Cancel this request", reason="No")
    asks = press(queue, "Approve", where="#bulk", id=[first.id, second.id])
    assert "Approve 1 request?" in words_of(asks.text)
    assert "One of those you ticked is left out" in words_of(asks.text)
    assert status(as_admin, first) == "PENDING"
    answer = press(asks, "Yes, approve 1")
    assert "1 of 1 done" in answer.text
    assert status(as_admin, first) == "APPROVED"
    assert status(as_admin, second) == "CANCELLED"


def test_bulk_can_mean_everything_that_matches(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    rows = [asked(app, shop, f"Guest {n}", f"Tea {n}") for n in range(PAGE + 2)]
    approve(staff, shop, rows[-1])
    queue = staff.get(shop.url("/redemptions/?status=PENDING"))
    asks = press(queue, "Hand over", where="#bulk", all=True)
    assert buttons_of(asks).count("Hand over") == 0, "none of these may be handed over"
    assert {status(as_admin, row) for row in rows[:-1]} == {"PENDING"}
    assert status(as_admin, rows[-1]) == "APPROVED"
    asks = press(queue, "Approve", where="#bulk", all=True)
    answer = press(asks, f"Yes, approve {PAGE + 1}")
    assert f"{PAGE + 1} of {PAGE + 1} done" in answer.text
    assert {status(as_admin, row) for row in rows} == {"APPROVED"}


def test_filters_show_what_they_say(app: Flask, shop: Shop, staff: Browser) -> None:
    cake, tea = asked(app, shop, "Ann", "Cake"), asked(app, shop, "Bo", "Tea")
    approve(staff, shop, tea)

    def shown(**query: str) -> set[str]:
        text = staff.get(shop.url("/redemptions/"), query, HTMX).text
        return {row.code for row in (cake, tea) if row.code in text}

    assert shown() == {cake.code, tea.code}
    assert shown(status="PENDING") == {cake.code}
    assert shown(q="tea") == {tea.code}
    assert shown(q=cake.code.lower()) == {cake.code}
    assert shown(q="nobody") == set()
    assert shown(status="nonsense", after="nonsense") == {cake.code, tea.code}


def test_the_export_equals_the_list(app: Flask, shop: Shop) -> None:
    asked(app, shop, "=cmd()", "Cake")
    tea = asked(app, shop, "Bo", "Tea")
    owner = browser_as(app, shop)
    approve(owner, shop, tea)
    lines = owner.get(shop.url("/redemptions/export.csv")).text.splitlines()
    assert len(lines) == 3
    assert "'=cmd()" in lines[2]
    approved = owner.get(shop.url("/redemptions/export.csv?status=APPROVED")).text.splitlines()
    assert [tea.code in line for line in approved] == [False, True]


def test_a_code_leads_to_its_redemption_however_it_is_typed(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    redemption = asked(app, shop)
    desk = staff.get(shop.url("/redemptions/code"))
    for typed in (redemption.code, redemption.code.lower(), f" {redemption.code} "):
        assert press(desk, "Find", code=typed).request.path == url(shop, redemption)
    unknown = press(desk, "Find", code="NX-NOPE")
    assert unknown.status_code == 404
    assert "no redemption with the code NX-NOPE" in unknown.text


def test_another_business_finds_no_redemption_of_ours(app: Flask, shop: Shop) -> None:
    redemption = asked(app, shop)
    other = make_shop(app)
    stranger = browser_as(app, other)
    stranger.get(url(other, redemption), status=404)
    for path in ("/approval", "/handover", "/cancellation"):
        there = url(other, redemption) + path
        assert hostile_post(stranger, "a stranger", there, {"reason": "x"}).status_code == 404, path
    stranger.get(other.url("/redemptions/code"), {"code": redemption.code}, status=404)


def test_a_way_back_never_leaves_the_site(app: Flask, shop: Shop, staff: Browser) -> None:
    redemption = asked(app, shop)
    there = f"{url(shop, redemption)}/approval"
    answer = hostile_post(staff, "a forged field", there, {"back": "//evil.example/"})
    assert answer.location.endswith(redemption.id)


def test_a_list_costs_the_same_whatever_its_length(
    app: Flask, shop: Shop, staff: Browser, statements: Any
) -> None:
    asked(app, shop, "Ann", "A")
    with statements() as short:
        staff.get(shop.url("/redemptions/"))
    for number in range(5):
        asked(app, shop, f"B{number}", f"R{number}")
    with statements() as long:
        staff.get(shop.url("/redemptions/"))
    assert len(long) == len(short)


def test_many_are_handed_over_after_a_question_with_the_money_and_can_be_undone(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    """C2: tick all, "Hand over": nine rewards were gone, no question, no way back."""
    rows = [asked(app, shop, f"Guest {n}", "Shirt") for n in range(3)]
    as_admin.execute("UPDATE reward_redemptions SET money_cost = 500, currency = 'EUR'")
    for row in rows:
        approve(staff, shop, row)
    queue = staff.get(shop.url("/redemptions/"))
    asks = press(queue, "Hand over", where="#bulk", id=[row.id for row in rows])
    said = words_of(asks.text)
    assert "Hand over 3 rewards?" in said
    assert "For 3 people." in said
    assert "Take €15.00 in all" in said
    assert {status(as_admin, row) for row in rows} == {"APPROVED"}
    done = press(asks, "€15.00 taken, hand over 3")
    assert {status(as_admin, row) for row in rows} == {"FULFILLED"}
    press(done, "Undo (within two minutes)")
    assert {status(as_admin, row) for row in rows} == {"APPROVED"}
    press(done, "Undo (within two minutes)")
    assert {status(as_admin, row) for row in rows} == {"APPROVED"}


def test_a_hand_over_is_undone_by_who_made_it_for_two_minutes(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    row = asked(app, shop)
    approve(staff, shop, row)
    press(staff.get(url(shop, row)), "Hand over")
    undo = f"{url(shop, row)}/handover/undo"
    other = browser_as(app, shop, Role.MANAGER)
    assert hostile_post(other, "no such state", undo, {}).status_code == 409
    as_admin.execute(
        "UPDATE reward_redemptions SET fulfilled_at = fulfilled_at - interval '121 seconds'"
        " WHERE id = %s",
        (row.id,),
    )
    late = hostile_post(staff, "no such state", undo, {})
    assert late.status_code == 409
    assert "Refund it instead." in words_of(late.text)
    assert status(as_admin, row) == "FULFILLED"


def test_a_used_code_is_said_in_red_with_who_and_when(
    app: Flask, shop: Shop, staff: Browser
) -> None:
    """C7: a grey page with a small badge."""
    row = asked(app, shop)
    approve(staff, shop, row)
    press(staff.get(url(shop, row)), "Hand over")
    page = press(staff.get(shop.url("/redemptions/code")), "Find", code=row.code)
    red = page.html.select_one(".result-bad")
    assert red is not None
    assert "Used already" in red.get_text()
    assert f"Staff of {shop.slug} handed this over" in red.get_text()
    assert page.forms, "the next code can be scanned at once"


def test_what_has_lapsed_is_lapsed_at_read(
    app: Flask, shop: Shop, staff: Browser, as_admin: Any
) -> None:
    """C11: until the job came by, the desk offered "Approve" and answered 409."""
    row = asked(app, shop)
    as_admin.execute(
        "UPDATE reward_redemptions SET expires_at = now() - interval '1 minute' WHERE id = %s",
        (row.id,),
    )
    page = staff.get(url(shop, row))
    assert "Approve" not in buttons_of(page)
    assert "Expired" in words_of(page.text)
    listed = staff.get(shop.url("/redemptions/?status=EXPIRED"))
    assert row.code in listed.text
    assert row.code not in staff.get(shop.url("/redemptions/?status=PENDING")).text
    assert f"/redemptions/{row.id}/approval" not in listed.text
    counter = staff.get(shop.url(f"/counter/{row.customer_id}"))
    assert row.code not in counter.text
    found = press(staff.get(shop.url("/redemptions/code")), "Find", code=row.code)
    assert "It lapsed at the end of" in words_of(found.text)
