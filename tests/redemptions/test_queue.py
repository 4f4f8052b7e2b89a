"""The redemption queue: filter, decide, take back, in bulk, export, find by code."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.redemptions import service
from nxloy_web.tables.redemptions import RewardRedemption
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_reward, make_shop

PART = {"HX-Request": "true"}


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def staff(app: Flask, shop: Shop) -> FlaskClient:
    return as_role(app, shop, Role.STAFF)


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
        redemption = service.ask(
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


def test_a_request_is_approved_and_handed_over(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    redemption = asked(app, shop)
    assert redemption.code in staff.get(shop.url("/redemptions/")).text
    url = shop.url(f"/redemptions/{redemption.id}")
    assert staff.post(f"{url}/approval").status_code == 303
    assert staff.post(f"{url}/handover").status_code == 303
    assert status(as_admin, redemption) == "FULFILLED"
    assert points(as_admin, redemption) == 400
    page = staff.get(url).text
    for step in ("Requested", "Approved", "Fulfilled"):
        assert step in page


def test_the_fragment_equals_the_row_in_the_page(
    app: Flask, shop: Shop, staff: FlaskClient
) -> None:
    redemption = asked(app, shop)
    answer = staff.post(shop.url(f"/redemptions/{redemption.id}/approval"), headers=PART)
    assert answer.status_code == 200
    assert f'id="redemption-{redemption.id}"' in answer.text
    assert "nx-toast" in answer.text
    assert "Hand over" in answer.text
    assert "<html" not in answer.text


def test_the_second_of_two_staff_reads_who_was_first(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    redemption = asked(app, shop)
    url = shop.url(f"/redemptions/{redemption.id}")
    as_role(app, shop, Role.MANAGER).post(f"{url}/approval", data={"version": redemption.version})
    late = staff.post(f"{url}/approval", data={"version": redemption.version})
    assert late.status_code == 409
    assert "Manager of" in late.text
    assert status(as_admin, redemption) == "APPROVED"


def test_cancelling_needs_a_reason_and_gives_the_points_back(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    redemption = asked(app, shop)
    url = shop.url(f"/redemptions/{redemption.id}/cancellation")
    refused = staff.post(url, data={"reason": " "})
    assert refused.status_code == 422
    assert "Say why" in refused.text
    assert staff.post(url, data={"reason": "Out of cake"}).status_code == 303
    assert status(as_admin, redemption) == "CANCELLED"
    assert points(as_admin, redemption) == 500


def test_only_a_manager_refunds(app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any) -> None:
    redemption = asked(app, shop)
    url = shop.url(f"/redemptions/{redemption.id}")
    staff.post(f"{url}/approval")
    staff.post(f"{url}/handover")
    assert staff.post(f"{url}/refund", data={"reason": "Stale"}).status_code == 403
    manager = as_role(app, shop, Role.MANAGER)
    assert manager.post(f"{url}/refund", data={"reason": "Stale"}).status_code == 303
    assert status(as_admin, redemption) == "REFUNDED"
    assert points(as_admin, redemption) == 500


def test_bulk_does_what_can_be_done_and_says_what_cannot(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    first, second = asked(app, shop, "Ann", "Tea"), asked(app, shop, "Bo", "Bun")
    staff.post(shop.url(f"/redemptions/{second.id}/cancellation"), data={"reason": "No"})
    answer = staff.post(
        shop.url("/redemptions/bulk"), data={"id": [first.id, second.id], "do": "approve"}
    )
    assert answer.status_code == 200
    assert "1 of 2 done" in answer.text
    assert status(as_admin, first) == "APPROVED"
    assert status(as_admin, second) == "CANCELLED"


def test_bulk_can_mean_everything_that_matches(
    app: Flask, shop: Shop, staff: FlaskClient, as_admin: Any
) -> None:
    rows = [asked(app, shop, name, name) for name in ("Ann", "Bo")]
    staff.post(
        shop.url("/redemptions/bulk"), data={"all": "1", "query": "status=PENDING", "do": "approve"}
    )
    assert [status(as_admin, row) for row in rows] == ["APPROVED", "APPROVED"]


def test_filters_show_what_they_say(app: Flask, shop: Shop, staff: FlaskClient) -> None:
    cake, tea = asked(app, shop, "Ann", "Cake"), asked(app, shop, "Bo", "Tea")
    staff.post(shop.url(f"/redemptions/{tea.id}/approval"))

    def shown(**query: str) -> set[str]:
        text = staff.get(shop.url("/redemptions/"), query_string=query, headers=PART).text
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
    owner = as_role(app, shop)
    owner.post(shop.url(f"/redemptions/{tea.id}/approval"))
    lines = owner.get(shop.url("/redemptions/export.csv")).text.splitlines()
    assert len(lines) == 3
    assert "'=cmd()" in lines[2]
    approved = owner.get(shop.url("/redemptions/export.csv?status=APPROVED")).text.splitlines()
    assert [tea.code in line for line in approved] == [False, True]


def test_a_code_leads_to_its_redemption_however_it_is_typed(
    app: Flask, shop: Shop, staff: FlaskClient
) -> None:
    redemption = asked(app, shop)
    for typed in (redemption.code, redemption.code.lower(), f" {redemption.code} "):
        answer = staff.get(shop.url("/redemptions/code"), query_string={"code": typed})
        assert answer.status_code == 303
        assert answer.location.endswith(redemption.id)
    unknown = staff.get(shop.url("/redemptions/code?code=NX-NOPE"))
    assert unknown.status_code == 404
    assert "no redemption with the code NX-NOPE" in unknown.text


def test_another_business_finds_no_redemption_of_ours(app: Flask, shop: Shop) -> None:
    redemption = asked(app, shop)
    other = make_shop(app)
    client = as_role(app, other)
    for path in ("", "/approval", "/handover", "/cancellation"):
        url = other.url(f"/redemptions/{redemption.id}{path}")
        answer = client.post(url, data={"reason": "x"}) if path else client.get(url)
        assert answer.status_code == 404, path
    found = client.get(other.url("/redemptions/code"), query_string={"code": redemption.code})
    assert found.status_code == 404


def test_a_way_back_never_leaves_the_site(app: Flask, shop: Shop, staff: FlaskClient) -> None:
    redemption = asked(app, shop)
    url = shop.url(f"/redemptions/{redemption.id}/approval")
    answer = staff.post(url, data={"back": "//evil.example/"})
    assert answer.location.endswith(redemption.id)


def test_a_list_costs_the_same_whatever_its_length(
    app: Flask, shop: Shop, staff: FlaskClient, statements: Any
) -> None:
    asked(app, shop, "Ann", "A")
    with statements() as short:
        staff.get(shop.url("/redemptions/"))
    for number in range(5):
        asked(app, shop, f"B{number}", f"R{number}")
    with statements() as long:
        staff.get(shop.url("/redemptions/"))
    assert len(long) == len(short)
