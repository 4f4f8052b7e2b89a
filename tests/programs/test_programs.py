"""Programs: made, changed, paused, put away."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.session import history
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus, ProgramType
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop
from tests.pressing import Browser, Page, browser_as, buttons_of, hostile_post, press, words_of

TYPED = {
    "name": "Beans",
    "type": "TIERED",
    "points_name": "Beans",
    "description": "A bean a cup.",
    "expiry": "months",
    "expiry_after": "6",
}


def program(app: Flask, shop: Shop, program_id: str) -> LoyaltyProgram:
    with inside(app, shop):
        row = db.session.scalar(
            history(select(LoyaltyProgram).where(LoyaltyProgram.id == program_id))
        )
        assert row is not None
        return row


def actions(app: Flask, shop: Shop, subject_id: str) -> list[str]:
    with inside(app, shop):
        statement = select(AuditEntry.action).where(AuditEntry.subject_id == subject_id)
        return list(db.session.scalars(statement.order_by(AuditEntry.occurred_at, AuditEntry.id)))


def show(browser: Browser, shop: Shop, program_id: str) -> Page:
    return browser.get(shop.url(f"/programs/{program_id}"))


def create(client: Browser, shop: Shop, **typed: Any) -> Page:
    return press(client.get(shop.url("/programs/new")), "Create program", **TYPED | typed)


def make(client: Browser, shop: Shop, **typed: Any) -> str:
    page = create(client, shop, **typed)
    assert page.status_code == 200, page.text
    return str(page.request.path.rsplit("/", 1)[1])


def edit(client: Browser, shop: Shop, program_id: str, **typed: Any) -> Page:
    return press(client.get(shop.url(f"/programs/{program_id}/edit")), "Save", **typed)


def give_points(app: Flask, shop: Shop, program_id: str, amount: int = 50) -> str:
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        ledger.adjust(
            customer_id,
            program_id,
            amount,
            id=new_id(),
            reason="A start",
            by=shop.actor(),
            at=NOON,
        )
        db.session.commit()
    return customer_id


def test_a_new_program_is_a_draft_in_the_currency_of_the_business(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    made = program(app, shop, make(owner, shop))
    assert (made.name, made.status, made.type) == ("Beans", ProgramStatus.DRAFT, ProgramType.TIERED)
    assert made.currency == "EUR"
    assert (made.settings.expiry, made.settings.expiry_after) == ("months", 6)
    assert actions(app, shop, made.id) == ["program.created"]
    assert "Beans" in owner.get(shop.url(f"/programs/{made.id}")).text


def test_pressing_create_twice_makes_one_program(app: Flask, shop: Shop, owner: Browser) -> None:
    form = owner.get(shop.url("/programs/new"))
    first, second = (press(form, "Create program", **TYPED) for _ in range(2))
    assert first.request.path == second.request.path
    assert actions(app, shop, first.request.path.rsplit("/", 1)[1]) == ["program.created"]


def test_two_programs_cannot_have_one_name(shop: Shop, owner: Browser) -> None:
    make(owner, shop)
    answer = create(owner, shop)
    assert answer.status_code == 422
    assert "Another program has this name" in answer.text
    assert "A bean a cup." in answer.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Give the program a name."),
        ({"name": "x" * 81}, "Keep the name to 80 characters."),
        ({"points_name": " "}, "Say what customers collect"),
        ({"expiry": "days", "expiry_after": ""}, "Say after how many."),
        ({"expiry_after": "0"}, "Enter a number from 1 to 3,650."),
        ({"expiry_after": "many"}, "Not a valid integer value"),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    shop: Shop, owner: Browser, typed: dict[str, str], sentence: str
) -> None:
    answer = create(owner, shop, **typed)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("kind", "sentence"), [("", "Choose a type."), ("SUBSCRIPTION", "Choose one of these types.")]
)
def test_a_type_that_is_not_offered_is_refused(
    shop: Shop, owner: Browser, kind: str, sentence: str
) -> None:
    forged = TYPED | {"type": kind}
    answer = hostile_post(owner, "a forged field", shop.url("/programs/new"), forged)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_hostile_text_is_shown_as_text(app: Flask, shop: Shop, owner: Browser) -> None:
    program_id = make(owner, shop, name="<script>alert(1)</script>\x00", description="'; DROP --")
    page = owner.get(shop.url(f"/programs/{program_id}")).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_edit_is_written_down_with_before_and_after(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    program_id = make(owner, shop)
    edit(owner, shop, program_id, name="Cups")
    assert program(app, shop, program_id).name == "Cups"
    with inside(app, shop):
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "program.edited")
        ).one()
    assert (entry.before, entry.after) == ({"name": "Beans"}, {"name": "Cups"})


def test_a_late_edit_is_refused_and_keeps_what_was_typed(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    program_id = make(owner, shop)
    manager = browser_as(app, shop, Role.MANAGER)
    opened = manager.get(shop.url(f"/programs/{program_id}/edit"))
    edit(owner, shop, program_id, name="Cups")
    late = press(opened, "Save", name="Grains")
    assert late.status_code == 409
    assert "Owner of" in late.text
    assert "changed this" in late.text
    assert 'value="Grains"' in late.text
    assert program(app, shop, program_id).name == "Cups"
    press(late, "Save")
    assert program(app, shop, program_id).name == "Grains"


def test_the_same_edit_sent_twice_is_no_conflict(app: Flask, shop: Shop, owner: Browser) -> None:
    program_id = make(owner, shop)
    opened = owner.get(shop.url(f"/programs/{program_id}/edit"))
    for _ in range(2):
        assert press(opened, "Save", name="Cups").status_code == 200
    assert actions(app, shop, program_id) == ["program.created", "program.edited"]


def test_the_type_stays_once_customers_hold_points(app: Flask, shop: Shop, owner: Browser) -> None:
    program_id = make(owner, shop)
    give_points(app, shop, program_id)
    answer = edit(owner, shop, program_id, type="POINTS")
    assert answer.status_code == 422
    assert "its type stays as it is" in answer.text


def test_the_edit_page_says_that_expiry_changes_only_new_points(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    give_points(app, shop, shop.program_id)
    page = owner.get(shop.url(f"/programs/{shop.program_id}/edit")).text
    assert "applies to points earned from now on" in page


def test_a_program_is_activated_paused_archived_and_taken_out(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    program_id = make(owner, shop)
    page = show(owner, shop, program_id)
    press(page, "Activate")
    for button, status in (
        ("Activate", ProgramStatus.ACTIVE),
        ("Pause", ProgramStatus.PAUSED),
        ("Archive", ProgramStatus.ARCHIVED),
        ("Take out of the archive", ProgramStatus.PAUSED),
    ):
        page = press(page, button)
        assert program(app, shop, program_id).status is status
    assert actions(app, shop, program_id) == [
        "program.created",
        "program.activated",
        "program.paused",
        "program.archived",
        "program.paused",
    ]


def test_an_archived_program_cannot_be_activated_at_once(shop: Shop, owner: Browser) -> None:
    program_id = make(owner, shop)
    page = show(owner, shop, program_id)
    press(page, "Archive")
    answer = press(page, "Activate")
    assert answer.status_code == 409
    assert "not in a state for this" in answer.text


def test_an_unused_program_is_deleted_and_restored_with_its_tiers(
    shop: Shop, owner: Browser
) -> None:
    program_id = make(owner, shop)
    tiers = owner.get(shop.url(f"/programs/{program_id}/tiers/new"))
    page = press(tiers, "Add tier", name="Gold", required_points="10")
    press(page, "Delete")
    owner.get(shop.url(f"/programs/{program_id}"), status=404)
    deleted = owner.get(shop.url("/programs/?view=deleted"))
    for _ in range(2):
        assert press(deleted, "Restore Beans").status_code == 200
    assert "Gold" in show(owner, shop, program_id).text


def test_a_program_with_balances_is_archived_instead_of_deleted(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    page = show(owner, shop, shop.program_id)
    give_points(app, shop, shop.program_id)
    answer = press(page, "Delete")
    assert "archived instead of deleted" in answer.text
    assert "Delete" not in buttons_of(show(owner, shop, shop.program_id))
    left = program(app, shop, shop.program_id)
    assert left.status is ProgramStatus.ARCHIVED
    assert not left.is_deleted


def test_a_program_that_rewards_are_paid_with_is_not_deleted(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    page = show(owner, shop, shop.program_id)
    make_reward(app, shop)
    answer = press(page, "Delete")
    assert answer.status_code == 409
    assert "1 reward is paid with this program" in answer.text


def test_restoring_is_refused_when_the_name_is_taken(shop: Shop, owner: Browser) -> None:
    press(show(owner, shop, make(owner, shop)), "Delete")
    make(owner, shop)
    answer = press(owner.get(shop.url("/programs/?view=deleted")), "Restore Beans")
    assert answer.status_code == 409
    assert "A program called Beans exists by now." in answer.text


def test_tabs_count_and_filter(shop: Shop, owner: Browser) -> None:
    make(owner, shop)
    page = owner.get(shop.url("/programs/?view=draft"))
    assert "Beans" in page.text
    assert f"/programs/{shop.program_id}" not in page.text
    owner.get(shop.url("/programs/?view=nonsense"))


def test_the_fragment_is_what_stands_in_the_page(shop: Shop, owner: Browser) -> None:
    whole = owner.get(shop.url("/programs/")).text
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    part = owner.get(shop.url("/programs/"), headers=headers).text
    assert part.strip() in whole
    assert "<html" not in part


@pytest.mark.parametrize("path", ["new", "{id}/edit", "{id}/earning", "{id}/tiers/new"])
def test_an_analyst_reads_and_staff_do_not(app: Flask, shop: Shop, path: str) -> None:
    analyst, staff = browser_as(app, shop, Role.ANALYST), browser_as(app, shop, Role.STAFF)
    one = shop.url(f"/programs/{shop.program_id}")
    assert "Edit" not in words_of(analyst.get(one).text)
    analyst.get(shop.url("/programs/" + path.format(id=shop.program_id)), status=403)
    staff.get(one, status=403)


def test_another_business_finds_nothing(app: Flask, shop: Shop) -> None:
    other = make_shop(app)
    stranger = browser_as(app, other)
    there = other.url(f"/programs/{shop.program_id}")
    for path in (shop.url(f"/programs/{shop.program_id}"), there, other.url("/programs/no-id")):
        stranger.get(path, status=404)
    assert hostile_post(stranger, "a stranger", f"{there}/archive").status_code == 404
    assert program(app, shop, shop.program_id).status is ProgramStatus.ACTIVE
