"""Programs: made, changed, paused, put away."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.session import history
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus, ProgramType
from tests.factories import NOON, Shop, as_role, inside, make_customer, make_reward, make_shop

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


def make(client: FlaskClient, shop: Shop, **typed: Any) -> str:
    program_id = new_id()
    answer = client.post(shop.url("/programs/new"), data=TYPED | {"new_id": program_id} | typed)
    assert answer.status_code == 303, answer.text
    return program_id


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
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    made = program(app, shop, make(owner, shop))
    assert (made.name, made.status, made.type) == ("Beans", ProgramStatus.DRAFT, ProgramType.TIERED)
    assert made.currency == "EUR"
    assert (made.settings.expiry, made.settings.expiry_after) == ("months", 6)
    assert actions(app, shop, made.id) == ["program.created"]
    assert "Beans" in owner.get(shop.url(f"/programs/{made.id}")).text


def test_pressing_create_twice_makes_one_program(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    again = owner.post(shop.url("/programs/new"), data=TYPED | {"new_id": program_id})
    assert again.status_code == 303
    assert again.location.endswith(program_id)
    assert actions(app, shop, program_id) == ["program.created"]


def test_two_programs_cannot_have_one_name(shop: Shop, owner: FlaskClient) -> None:
    make(owner, shop)
    answer = owner.post(shop.url("/programs/new"), data=TYPED | {"new_id": new_id()})
    assert answer.status_code == 422
    assert "Another program has this name" in answer.text
    assert "A bean a cup." in answer.text


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": ""}, "Give the program a name."),
        ({"name": "x" * 81}, "Keep the name to 80 characters."),
        ({"type": ""}, "Choose a type."),
        ({"type": "SUBSCRIPTION"}, "Choose one of these types."),
        ({"points_name": " "}, "Say what customers collect"),
        ({"expiry": "days", "expiry_after": ""}, "Say after how many."),
        ({"expiry_after": "0"}, "Enter a number from 1 to 3,650."),
        ({"expiry_after": "many"}, "Not a valid integer value"),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    shop: Shop, owner: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    answer = owner.post(shop.url("/programs/new"), data=TYPED | typed)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_hostile_text_is_shown_as_text(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    program_id = make(owner, shop, name="<script>alert(1)</script>\x00", description="'; DROP --")
    page = owner.get(shop.url(f"/programs/{program_id}")).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_an_edit_is_written_down_with_before_and_after(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    answer = owner.post(
        shop.url(f"/programs/{program_id}/edit"), data=TYPED | {"name": "Cups", "version": "1"}
    )
    assert answer.status_code == 303
    assert program(app, shop, program_id).name == "Cups"
    with inside(app, shop):
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "program.edited")
        ).one()
    assert (entry.before, entry.after) == ({"name": "Beans"}, {"name": "Cups"})


def test_a_late_edit_is_refused_and_keeps_what_was_typed(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    url = shop.url(f"/programs/{program_id}/edit")
    owner.post(url, data=TYPED | {"name": "Cups", "version": "1"})
    late = as_role(app, shop, Role.MANAGER).post(
        url, data=TYPED | {"name": "Grains", "version": "1"}
    )
    assert late.status_code == 409
    assert "Owner of" in late.text
    assert "changed this" in late.text
    assert 'value="Grains"' in late.text
    assert 'name="version" type="hidden" value="2"' in late.text
    assert program(app, shop, program_id).name == "Cups"


def test_the_same_edit_sent_twice_is_no_conflict(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    url = shop.url(f"/programs/{program_id}/edit")
    for _ in range(2):
        answer = owner.post(url, data=TYPED | {"name": "Cups", "version": "1"})
        assert answer.status_code == 303
    assert actions(app, shop, program_id) == ["program.created", "program.edited"]


def test_the_type_stays_once_customers_hold_points(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    give_points(app, shop, program_id)
    answer = owner.post(
        shop.url(f"/programs/{program_id}/edit"), data=TYPED | {"type": "STAMPS", "version": "1"}
    )
    assert answer.status_code == 422
    assert "its type stays as it is" in answer.text


def test_the_edit_page_says_that_expiry_changes_only_new_points(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    give_points(app, shop, shop.program_id)
    page = owner.get(shop.url(f"/programs/{shop.program_id}/edit")).text
    assert "applies to points earned from now on" in page


def test_a_program_is_activated_paused_archived_and_taken_out(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    for verb, status in (
        ("activation", ProgramStatus.ACTIVE),
        ("activation", ProgramStatus.ACTIVE),
        ("pause", ProgramStatus.PAUSED),
        ("archive", ProgramStatus.ARCHIVED),
        ("pause", ProgramStatus.PAUSED),
    ):
        assert owner.post(shop.url(f"/programs/{program_id}/{verb}")).status_code == 303
        assert program(app, shop, program_id).status is status
    assert actions(app, shop, program_id) == [
        "program.created",
        "program.activated",
        "program.paused",
        "program.archived",
        "program.paused",
    ]


def test_an_archived_program_cannot_be_activated_at_once(shop: Shop, owner: FlaskClient) -> None:
    program_id = make(owner, shop)
    owner.post(shop.url(f"/programs/{program_id}/archive"))
    answer = owner.post(shop.url(f"/programs/{program_id}/activation"))
    assert answer.status_code == 409
    assert "not in a state for this" in answer.text


def test_an_unused_program_is_deleted_and_restored_with_its_tiers(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    program_id = make(owner, shop)
    tier = {"name": "Gold", "required_points": "10", "multiplier": "1", "color": "#aa0000"}
    owner.post(shop.url(f"/programs/{program_id}/tiers/new"), data=tier | {"icon": "medal"})
    assert owner.post(shop.url(f"/programs/{program_id}/delete")).status_code == 303
    assert owner.get(shop.url(f"/programs/{program_id}")).status_code == 404
    assert "Beans" in owner.get(shop.url("/programs/?view=deleted")).text
    for _ in range(2):
        answer = owner.post(shop.url(f"/programs/{program_id}/restore"))
        assert answer.status_code == 303
    assert "Gold" in owner.get(shop.url(f"/programs/{program_id}")).text


def test_a_program_with_balances_is_archived_instead_of_deleted(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    give_points(app, shop, shop.program_id)
    answer = owner.post(shop.url(f"/programs/{shop.program_id}/delete"), follow_redirects=True)
    assert "archived instead of deleted" in answer.text
    left = program(app, shop, shop.program_id)
    assert left.status is ProgramStatus.ARCHIVED
    assert not left.is_deleted


def test_a_program_that_rewards_are_paid_with_is_not_deleted(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    make_reward(app, shop)
    answer = owner.post(shop.url(f"/programs/{shop.program_id}/delete"))
    assert answer.status_code == 409
    assert "1 reward is paid with this program" in answer.text


def test_restoring_is_refused_when_the_name_is_taken(shop: Shop, owner: FlaskClient) -> None:
    program_id = make(owner, shop)
    owner.post(shop.url(f"/programs/{program_id}/delete"))
    make(owner, shop)
    answer = owner.post(shop.url(f"/programs/{program_id}/restore"))
    assert answer.status_code == 409
    assert "A program called Beans exists by now." in answer.text


def test_tabs_count_and_filter(shop: Shop, owner: FlaskClient) -> None:
    make(owner, shop)
    page = owner.get(shop.url("/programs/?view=draft"))
    assert "Beans" in page.text
    assert f"/programs/{shop.program_id}" not in page.text
    assert owner.get(shop.url("/programs/?view=nonsense")).status_code == 200


def test_the_fragment_is_what_stands_in_the_page(shop: Shop, owner: FlaskClient) -> None:
    whole = owner.get(shop.url("/programs/")).text
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"}
    part = owner.get(shop.url("/programs/"), headers=headers).text
    assert part.strip() in whole
    assert "<html" not in part


@pytest.mark.parametrize("path", ["new", "{id}/edit", "{id}/earning", "{id}/tiers/new"])
def test_an_analyst_reads_and_staff_do_not(app: Flask, shop: Shop, path: str) -> None:
    analyst, staff = as_role(app, shop, Role.ANALYST), as_role(app, shop, Role.STAFF)
    one = shop.url(f"/programs/{shop.program_id}")
    assert analyst.get(one).status_code == 200
    assert "Edit" not in analyst.get(one).text
    assert analyst.get(shop.url("/programs/" + path.format(id=shop.program_id))).status_code == 403
    assert staff.get(one).status_code == 403


def test_another_business_finds_nothing(app: Flask, shop: Shop) -> None:
    other = make_shop(app)
    stranger = as_role(app, other)
    assert stranger.get(shop.url(f"/programs/{shop.program_id}")).status_code == 404
    assert stranger.get(other.url(f"/programs/{shop.program_id}")).status_code == 404
    assert stranger.post(other.url(f"/programs/{shop.program_id}/archive")).status_code == 404
    assert stranger.get(other.url("/programs/no-id-at-all")).status_code == 404
    assert program(app, shop, shop.program_id).status is ProgramStatus.ACTIVE
