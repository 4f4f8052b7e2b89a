"""D8: the audit log names and links what an entry is about, speaks in words, filters, exports."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from nxloy_web import events
from nxloy_web.audit.changes import Change, changes
from nxloy_web.businesses import team
from nxloy_web.customers import status
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording
from nxloy_web.tables.businesses import Membership
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportKind, ImportRun, UploadedFile
from nxloy_web.tables.rewards import Reward
from nxloy_web.wording import wording
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop
from tests.pressing import Page, browser_as, words_of

SAY = wording("Europe/Berlin", "en")


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def log(app: Flask, shop: Shop, query: str = "") -> Page:
    return browser_as(app, shop, Role.MANAGER).get(shop.url(f"/audit/{query}"))


def exported(app: Flask, shop: Shop, query: str = "") -> list[dict[str, str]]:
    answer = browser_as(app, shop, Role.ANALYST).get(shop.url(f"/audit/export.csv{query}"))
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def link_of(page: Page, text: str) -> str:
    found = [a for a in page.html.select("#results td a.strong") if text in a.get_text()]
    return str(found[0]["href"])


def test_each_kind_of_thing_has_its_name_and_its_page(app: Flask, shop: Shop) -> None:
    """D8: customers, purchases, points, teammates, imports."""
    customer_id = make_customer(app, shop, "Dag", last_name="Tanaka")
    file_id, run_id = new_id(), new_id()
    with inside(app, shop):
        purchase = recording.record(
            id=new_id(),
            customer_id=customer_id,
            amount_minor=1_250,
            order_ref="R-7",
            by=shop.actor(),
            at=NOON,
        )
        assert purchase.points == 12
        entry = ledger.adjust(
            customer_id, shop.program_id, 40, id=new_id(), reason="Sorry", by=shop.actor(), at=NOON
        )
        status.block(customer_id, by=shop.actor(), at=NOON)
        staff = db.session.query(Membership).filter_by(user_id=shop.users[Role.STAFF]).one()
        team.change_role(staff.id, Role.MANAGER, version=staff.version, by=shop.actor(), at=NOON)
        db.session.add(
            UploadedFile(id=file_id, filename="smile.csv", sha256="x", size=1, content=b"x")
        )
        db.session.flush()
        run = ImportRun(id=run_id, kind=ImportKind.PURCHASES, file_id=file_id)
        db.session.add(run)
        db.session.flush()
        events.happened(
            "import.uploaded", run, by=shop.actor(), at=NOON, after={"kind": run.kind, "lines": 3}
        )
        db.session.commit()
        entry_id, staff_id = entry.id, staff.id
    page = log(app, shop)
    words = words_of(page.text)
    assert link_of(page, "Dag Tanaka").startswith(shop.url("/"))
    for text, path in (
        ("R-7, €12.50, Dag Tanaka", f"/customers/{customer_id}?tab=purchases"),
        ("+40, Dag Tanaka", f"/ledger/?customer={customer_id}#entry-{entry_id}"),
        (f"Staff of {shop.slug}", f"/team/{staff_id}/role"),
        ("smile.csv", f"/imports/{run_id}"),
    ):
        assert link_of(page, text) == shop.url(path)
    for raw in ("PURCHASES", "STAFF", "MANAGER", "BLOCKED", "ACTIVE"):
        assert raw not in words.replace(shop.slug, "")
    for said in ("Kind Purchases", "Role Staff Manager", "Status Active Blocked", "Amount €12.50"):
        assert said in words


def test_what_is_deleted_keeps_its_name_and_has_no_page(app: Flask, shop: Shop) -> None:
    """D8"""
    customer_id = make_customer(app, shop, "Gone")
    with inside(app, shop):
        status.delete(customer_id, by=shop.actor(), at=NOON)
        db.session.commit()
    page = log(app, shop)
    assert "Customer deleted: Gone" in words_of(page.text)
    assert f"/customers/{customer_id}" not in page.text


def test_it_is_filtered_by_day_person_and_thing_and_exports_what_it_shows(
    app: Flask, shop: Shop
) -> None:
    """D8: days are those of the business."""
    ann, ben = make_customer(app, shop, "Ann"), make_customer(app, shop, "Ben")
    late = datetime(2026, 6, 15, 22, 30, tzinfo=UTC)  # 00:30 of the 16th in Berlin
    with inside(app, shop):
        for customer_id, role, at in (
            (ann, Role.OWNER, NOON),
            (ben, Role.MANAGER, late),
            (ann, Role.MANAGER, NOON + timedelta(days=3)),
        ):
            customer = find(Customer, customer_id)
            events.happened("customer.edited", customer, by=shop.actor(role), at=at)
        db.session.commit()
    manager = shop.users[Role.MANAGER]
    about = f"subject_type=Customer&subject={ann}"
    for query, expected in (
        ("", ["Ann", "Ben", "Ann"]),
        ("?since=2026-06-16", ["Ann", "Ben"]),
        ("?since=2026-06-16&until=2026-06-16", ["Ben"]),
        ("?until=2026-06-15", ["Ann"]),
        (f"?person={manager}", ["Ann", "Ben"]),
        (f"?{about}", ["Ann", "Ann"]),
        (f"?{about}&person={manager}", ["Ann"]),
        ("?since=2027-01-01", []),
    ):
        page = log(app, shop, query)
        shown = [a.get_text() for a in page.html.select("#results td a.strong")]
        assert shown == expected, query
        assert [row["about"] for row in exported(app, shop, query)] == expected, query
        if expected:
            assert page.click("Export what is shown").content_type == "text/csv"
    assert "Only entries about Ann" in words_of(log(app, shop, f"?{about}").text)


def test_a_line_of_the_export_says_what_the_page_says(app: Flask, shop: Shop) -> None:
    """D8"""
    reward_id = make_reward(app, shop)
    with inside(app, shop):
        reward = find(Reward, reward_id)
        facts: tuple[dict[str, Any], dict[str, Any]] = ({"points_cost": 100}, {"points_cost": 2500})
        events.happened(
            "reward.edited", reward, by=shop.actor(), at=NOON, before=facts[0], after=facts[1]
        )
        db.session.commit()
    (row,) = exported(app, shop)
    assert row["date"] == "2026-06-15T14:00:00+02:00"
    assert (row["what"], row["about"], row["role"]) == ("Reward edited", "Free flat white", "Owner")
    assert row["changes"] == "Price in points: 100 → 2,500"


def test_strangers_see_nothing_of_it(app: Flask, shop: Shop) -> None:
    """D8, tenancy: another business's names and entries are not there."""
    ann = make_customer(app, shop, "Ann")
    with inside(app, shop):
        status.block(ann, by=shop.actor(), at=NOON)
        db.session.commit()
    elsewhere = make_shop(app)
    query = f"?subject_type=Customer&subject={ann}"
    assert exported(app, elsewhere, query) == []
    assert "Ann" not in words_of(log(app, elsewhere, query).text)
    staff = browser_as(app, shop, Role.STAFF)
    assert staff.get(shop.url("/audit/export.csv"), status="*").status_int == 403


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"status": "OUT_OF_STOCK"}, {"status": "ACTIVE"}, ("Status", "Out of stock", "Active")),
        ({"name": None}, {"name": "VIP"}, ("Name", "nothing", "VIP")),
        (None, {"email_opt_in": True}, ("Email opt in", None, "yes")),
        (None, {"tags": []}, ("Tags", None, "nothing")),
        (None, {"tags": ["a", "b"]}, ("Tags", None, "a, b")),
        (
            {"ends": "2026-06-15T12:00:00+00:00"},
            {"ends": "2026-06-16"},
            ("Ends", "15 Jun 2026, 14:00", "16 Jun 2026"),
        ),
        (None, {"members_to": "gone"}, ("Members go to", None, "somebody or something deleted")),
        ({"settings": {"hue": 1}}, {"settings": {"hue": 2_000}}, ("Hue", "1", "2,000")),
        (None, {"reason": "0000-00-00"}, ("Reason", None, "0000-00-00")),
        (None, {"reason": "2026-02-30T25:99"}, ("Reason", None, "2026-02-30T25:99")),
    ],
)
def test_facts_in_words(
    before: dict[str, Any] | None, after: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    assert changes(before, after, {}, SAY) == [Change(*expected)]
