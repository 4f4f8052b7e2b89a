"""Rewards: made, changed, found, offered and put away."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.session import history
from nxloy_web.permissions import Role
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType
from nxloy_web.tables.segments import CustomerSegment, SegmentKind
from tests.factories import (
    NOON,
    Shop,
    as_role,
    inside,
    make_reward,
    make_shop,
    make_tier,
)

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}


def typed(shop: Shop, **more: Any) -> dict[str, Any]:
    return {
        "name": "Free flat white",
        "type": "FREE_ITEM",
        "program_id": shop.program_id,
        "points_cost": "120",
        "needs_approval": "y",
    } | more


def make(client: FlaskClient, shop: Shop, **more: Any) -> str:
    reward_id = new_id()
    answer = client.post(shop.url("/rewards/new"), data=typed(shop, new_id=reward_id, **more))
    assert answer.status_code == 303, answer.text
    return reward_id


def reward(app: Flask, shop: Shop, reward_id: str) -> Reward:
    with inside(app, shop):
        row = db.session.scalar(history(select(Reward).where(Reward.id == reward_id)))
        assert row is not None
        return row


def actions(app: Flask, shop: Shop, subject_id: str) -> list[str]:
    with inside(app, shop):
        statement = select(AuditEntry.action).where(AuditEntry.subject_id == subject_id)
        return list(db.session.scalars(statement.order_by(AuditEntry.occurred_at, AuditEntry.id)))


def test_only_living_segments_are_offered_and_the_one_it_has_stays(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    with inside(app, shop):
        gone, kept = (
            CustomerSegment(name=name, kind=SegmentKind.MANUAL, deleted_at=NOON)
            for name in ("Long gone", "Kept")
        )
        db.session.add_all([gone, kept])
        db.session.commit()
    reward_id = make_reward(app, shop, segment_id=kept.id)
    assert "Long gone" not in owner.get(shop.url("/rewards/new")).text
    form = owner.get(shop.url(f"/rewards/{reward_id}/edit")).text
    assert f'<option selected value="{kept.id}">Kept (deleted)</option>' in form
    assert "Long gone" not in form
    refused = owner.post(
        shop.url("/rewards/new"), data=typed(shop, new_id=new_id(), segment_id=gone.id)
    )
    assert refused.status_code == 422
    assert "Choose a segment." in refused.text


def test_everything_that_is_typed_is_kept(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    gold = make_tier(app, shop, "Gold", 500)
    with inside(app, shop):
        segment = CustomerSegment(name="Regulars", kind=SegmentKind.MANUAL)
        db.session.add(segment)
        db.session.commit()
        segment_id = segment.id
    made = reward(
        app,
        shop,
        make(
            owner,
            shop,
            type="EXPERIENCE",
            money_cost="4,50",
            category="Events",
            tags="coffee, evening, coffee",
            icon="coffee",
            start_date="2026-07-01T09:00",
            end_date="2026-12-31T23:59",
            max_per_user="2",
            tier_id=gold,
            segment_id=segment_id,
            in_stock="8",
            offer="y",
        ),
    )
    assert (made.type, made.points_cost, made.money_cost) == (RewardType.EXPERIENCE, 120, 450)
    assert (made.category, made.tags, made.icon) == ("Events", ["coffee", "evening"], "coffee")
    assert made.start_date == datetime(2026, 7, 1, 7, 0, tzinfo=UTC)  # Berlin, in summer
    assert made.end_date == datetime(2026, 12, 31, 22, 59, tzinfo=UTC)  # and in winter
    assert (made.max_per_user, made.tier_id, made.segment_id) == (2, gold, segment_id)
    assert (made.current_stock, made.total_stock) == (8, 8)
    assert made.status is RewardStatus.ACTIVE
    assert made.needs_approval
    page = owner.get(shop.url(f"/rewards/{made.id}")).text
    for word in ("120 points + €4.50", "Gold", "Regulars", "1 Jul 2026, 09:00", "First stock"):
        assert word in page
    form = owner.get(shop.url(f"/rewards/{made.id}/edit")).text
    assert 'value="2026-07-01T09:00"' in form


def test_without_stock_it_is_unlimited_and_without_offer_a_draft(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    made = reward(app, shop, make(owner, shop))
    assert (made.current_stock, made.total_stock) == (None, None)
    assert made.status is RewardStatus.DRAFT


@pytest.mark.parametrize("kind", list(RewardType))
def test_each_of_the_seven_types_can_be_made(
    app: Flask, shop: Shop, owner: FlaskClient, kind: RewardType
) -> None:
    assert reward(app, shop, make(owner, shop, type=kind.value)).type is kind


def test_pressing_add_twice_adds_one_reward_and_its_stock_once(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    data = typed(shop, new_id=new_id(), in_stock="5", offer="y")
    answers = [owner.post(shop.url("/rewards/new"), data=data) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert reward(app, shop, data["new_id"]).current_stock == 5


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"name": "  "}, "Give the reward a name."),
        ({"name": "x" * 121}, "Keep the name to 120 characters."),
        ({"type": "CAR"}, "Choose one of these types."),
        ({"points_cost": ""}, "Ask for points, for money, or for both."),
        ({"points_cost": "0", "money_cost": "0"}, "Ask for points, for money, or for both."),
        ({"points_cost": "-5"}, "Enter a whole number of points, 0 or more."),
        ({"points_cost": "99999999999"}, "Enter a whole number of points, 0 or more."),
        ({"money_cost": "a lot"}, "Write an amount like 12.50."),
        ({"money_cost": "1.234"}, "EUR has at most 2 decimals"),
        ({"program_id": ""}, "Say which program"),
        ({"program_id": "c" + "0" * 24}, "Choose a program."),
        ({"tier_id": "c" + "0" * 24}, "Choose a tier."),
        ({"segment_id": "c" + "0" * 24}, "Choose a segment."),
        ({"start_date": "soon"}, "Not a valid datetime value."),
        ({"start_date": "0001-01-01T00:00"}, "Choose a date between 2000 and 2199."),
        (
            {"start_date": "2026-07-02T00:00", "end_date": "2026-07-01T00:00"},
            "The end comes after the start.",
        ),
        ({"max_per_user": "0"}, "Enter a whole number, 1 or more."),
        ({"in_stock": "-1"}, "Enter a whole number, 0 or more."),
        ({"tags": ",".join("abcdefghijklm")}, "Use at most 12 tags."),
        ({"tags": "x" * 31}, "Keep each tag to 30 characters."),
        ({"icon": "skull"}, "Choose one of these icons."),
        ({"image": "../../etc/passwd"}, "Choose the picture again."),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    shop: Shop, owner: FlaskClient, more: dict[str, str], sentence: str
) -> None:
    answer = owner.post(shop.url("/rewards/new"), data=typed(shop, **more))
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_tier_of_another_program_is_refused(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    gold = make_tier(app, shop, "Gold", 500)
    other = new_id()
    owner.post(shop.url("/programs/new"), data={"name": "Beans", "type": "POINTS", "new_id": other})
    answer = owner.post(shop.url("/rewards/new"), data=typed(shop, program_id=other, tier_id=gold))
    assert answer.status_code == 422
    assert "Gold belongs to another program." in answer.text


def test_hostile_text_is_shown_as_text(shop: Shop, owner: FlaskClient) -> None:
    reward_id = make(
        owner, shop, name="<script>x</script>\x00", tags="<em>x", description="</textarea>"
    )
    for path in ("", f"{reward_id}", f"{reward_id}/edit"):
        page = owner.get(shop.url(f"/rewards/{path}")).text
        assert "<script>x" not in page
        assert "<em>x" not in page
    assert owner.get(shop.url("/rewards/?q=%00%25_'")).status_code == 200


def test_an_edit_is_written_down_and_a_late_one_refused(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    reward_id = make(owner, shop)
    url = shop.url(f"/rewards/{reward_id}/edit")
    for _ in range(2):
        first = owner.post(url, data=typed(shop, points_cost="150", version="1"))
        assert first.status_code == 303
    late = as_role(app, shop, Role.MANAGER).post(
        url, data=typed(shop, points_cost="90", version="1")
    )
    assert late.status_code == 409
    assert "changed this" in late.text
    assert 'value="90"' in late.text
    assert reward(app, shop, reward_id).points_cost == 150
    assert actions(app, shop, reward_id) == ["reward.created", "reward.edited"]
    with inside(app, shop):
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "reward.edited")
        ).one()
    assert (entry.before, entry.after) == ({"points_cost": 120}, {"points_cost": 150})


def test_a_copy_is_a_draft_with_an_empty_shelf(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    reward_id = make(owner, shop, in_stock="5", offer="y", tags="coffee")
    copy_id = new_id()
    for _ in range(2):
        answer = owner.post(shop.url(f"/rewards/{reward_id}/copy"), data={"new_id": copy_id})
        assert answer.location.endswith(f"/rewards/{copy_id}/edit")
    copy = reward(app, shop, copy_id)
    assert (copy.name, copy.tags) == ("Copy of Free flat white", ["coffee"])
    assert (copy.status, copy.current_stock) == (RewardStatus.DRAFT, 0)


def test_a_reward_is_offered_withdrawn_archived_and_taken_out(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    reward_id = make(owner, shop)
    for verb, status in (
        ("offer", RewardStatus.ACTIVE),
        ("offer", RewardStatus.ACTIVE),
        ("withdrawal", RewardStatus.INACTIVE),
        ("archive", RewardStatus.ARCHIVED),
        ("withdrawal", RewardStatus.INACTIVE),
    ):
        assert owner.post(shop.url(f"/rewards/{reward_id}/{verb}")).status_code == 303
        assert reward(app, shop, reward_id).status is status
    assert actions(app, shop, reward_id) == [
        "reward.created",
        "reward.offered",
        "reward.taken_off_offer",
        "reward.archived",
        "reward.taken_off_offer",
    ]


def test_an_archived_reward_is_not_offered_at_once(shop: Shop, owner: FlaskClient) -> None:
    reward_id = make(owner, shop)
    owner.post(shop.url(f"/rewards/{reward_id}/archive"))
    answer = owner.post(shop.url(f"/rewards/{reward_id}/offer"))
    assert answer.status_code == 409
    assert "not in a state for this" in answer.text


def test_an_empty_shelf_is_out_of_stock_when_it_is_offered(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    reward_id = make(owner, shop, in_stock="0", offer="y")
    assert reward(app, shop, reward_id).status is RewardStatus.OUT_OF_STOCK


def test_a_deleted_reward_is_shown_with_a_badge_and_restored(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    reward_id = make(owner, shop)
    assert owner.post(shop.url(f"/rewards/{reward_id}/delete")).status_code == 303
    assert owner.post(shop.url(f"/rewards/{reward_id}/delete")).status_code == 404
    page = owner.get(shop.url(f"/rewards/{reward_id}"))
    assert page.status_code == 200
    assert "Deleted" in page.text
    assert owner.get(shop.url(f"/rewards/{reward_id}/edit")).status_code == 404
    assert f"/rewards/{reward_id}" not in owner.get(shop.url("/rewards/")).text
    assert f"/rewards/{reward_id}" in owner.get(shop.url("/rewards/?status=deleted")).text
    for _ in range(2):
        assert owner.post(shop.url(f"/rewards/{reward_id}/restore")).status_code == 303
    assert not reward(app, shop, reward_id).is_deleted


def test_it_does_not_come_back_before_its_program(
    app: Flask, shop: Shop, owner: FlaskClient
) -> None:
    reward_id = make(owner, shop)
    owner.post(shop.url(f"/rewards/{reward_id}/delete"))
    with inside(app, shop):
        db.session.delete(db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id)))
        db.session.commit()
    answer = owner.post(shop.url(f"/rewards/{reward_id}/restore"))
    assert answer.status_code == 409
    assert "Restore that first" in answer.text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"Croissant", "Flat white", "Old mug", "Ten percent off"}),
        ("q=fl", {"Flat white"}),
        ("q=WHITE", {"Flat white"}),
        ("q=at", set()),
        ("q=%25", set()),
        ("type=DISCOUNT_PERCENTAGE", {"Ten percent off"}),
        ("category=Drinks", {"Flat white"}),
        ("status=OUT_OF_STOCK", {"Croissant"}),
        ("status=archived", {"Old tea"}),
        ("status=draft", {"Old mug"}),
        ("program=nowhere", set()),
        ("type=nonsense&status=nonsense&sort=nonsense&page=nonsense&q=Croi", {"Croissant"}),
        ("page=9", set()),
        ("view=cards&q=croi", {"Croissant"}),
        ("sort=-points&q=c", {"Croissant"}),
    ],
)
def test_the_catalogue_is_filtered_by_its_address(
    app: Flask, shop: Shop, owner: FlaskClient, query: str, found: set[str]
) -> None:
    make_reward(app, shop, "Flat white", category="Drinks")
    make_reward(
        app,
        shop,
        "Croissant",
        status=RewardStatus.OUT_OF_STOCK,
        current_stock=0,
        total_stock=4,
    )
    make_reward(app, shop, "Ten percent off", type=RewardType.DISCOUNT_PERCENTAGE)
    make_reward(app, shop, "Old mug", status=RewardStatus.DRAFT)
    make_reward(app, shop, "Old tea", status=RewardStatus.ARCHIVED)
    part = owner.get(shop.url(f"/rewards/?{query}"), headers=PART).text
    names = ("Flat white", "Croissant", "Ten percent off", "Old mug", "Old tea")
    assert {name for name in names if f">{name}<" in part} == found
    assert part.strip() in owner.get(shop.url(f"/rewards/?{query}")).text


def test_a_long_catalogue_has_pages(app: Flask, shop: Shop, owner: FlaskClient) -> None:
    with inside(app, shop):
        for number in range(30):
            db.session.add(
                Reward(
                    name=f"Reward {number:02}",
                    type=RewardType.FREE_ITEM,
                    points_cost=number + 1,
                    currency="EUR",
                )
            )
        db.session.commit()
    first = owner.get(shop.url("/rewards/?sort=-points")).text
    second = owner.get(shop.url("/rewards/?sort=-points&page=2")).text
    assert "1–25 of 30" in first
    assert "26–30 of 30" in second
    assert "Reward 29" in first
    assert "Reward 29" not in second


def test_roles_and_other_businesses(app: Flask, shop: Shop) -> None:
    reward_id = make_reward(app, shop)
    analyst, staff = as_role(app, shop, Role.ANALYST), as_role(app, shop, Role.STAFF)
    page = analyst.get(shop.url(f"/rewards/{reward_id}"))
    assert page.status_code == 200
    assert "Take off offer" not in page.text
    assert analyst.post(shop.url(f"/rewards/{reward_id}/delete")).status_code == 403
    assert staff.get(shop.url(f"/rewards/{reward_id}")).status_code == 403
    other = make_shop(app)
    stranger = as_role(app, other)
    for path in ("", "/edit", "/stock/add", "/stock/correct"):
        assert stranger.get(shop.url(f"/rewards/{reward_id}{path}")).status_code == 404
        assert stranger.get(other.url(f"/rewards/{reward_id}{path}")).status_code == 404
    for path in ("/delete", "/offer", "/archive", "/copy", "/restore", "/stock/unlimited"):
        answer = stranger.post(other.url(f"/rewards/{reward_id}{path}"), data={"new_id": new_id()})
        assert answer.status_code == 404
    assert reward(app, shop, reward_id).status is RewardStatus.ACTIVE
