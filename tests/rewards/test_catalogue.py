"""Rewards: made, changed, found, offered and put away."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.session import history
from nxloy_web.permissions import Role
from nxloy_web.rewards.forms import OFFERED
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.loyalty import LoyaltyProgram
from nxloy_web.tables.rewards import Reward, RewardStatus, RewardType
from nxloy_web.tables.segments import CustomerSegment, SegmentKind
from tests.factories import NOON, Shop, inside, make_program, make_reward, make_shop, make_tier
from tests.pressing import Browser, Page, browser_as, buttons_of, form_with, hostile_post, press

PART = {"HX-Request": "true", "HX-Request-Type": "partial"}
TYPED = {"name": "Free flat white", "type": "FREE_ITEM", "points_cost": "120"}


def create(browser: Browser, shop: Shop, **typed: Any) -> Page:
    return press(browser.get(shop.url("/rewards/new")), "Add reward", **TYPED | typed)


def forge(browser: Browser, shop: Shop, **fields: Any) -> Page:
    """A choice that the page does not offer."""
    sent = TYPED | {"program_id": shop.program_id, "needs_approval": "y"} | fields
    return hostile_post(browser, "a forged field", shop.url("/rewards/new"), sent)


def make(browser: Browser, shop: Shop, **typed: Any) -> str:
    page = create(browser, shop, **typed)
    assert page.status_code == 200, page.text
    return str(page.request.path.rsplit("/", 1)[1])


def show(browser: Browser, shop: Shop, reward_id: str) -> Page:
    return browser.get(shop.url(f"/rewards/{reward_id}"))


def edit_form(browser: Browser, shop: Shop, reward_id: str) -> Page:
    return browser.get(shop.url(f"/rewards/{reward_id}/edit"))


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
    app: Flask, shop: Shop, owner: Browser
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
    refused = forge(owner, shop, segment_id=gone.id)
    assert refused.status_code == 422
    assert "Choose a segment." in refused.text


def test_everything_that_is_typed_is_kept(app: Flask, shop: Shop, owner: Browser) -> None:
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
            type="FREE_SHIPPING",
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
            offer=True,
        ),
    )
    assert (made.type, made.points_cost, made.money_cost) == (RewardType.FREE_SHIPPING, 120, 450)
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
    app: Flask, shop: Shop, owner: Browser
) -> None:
    made = reward(app, shop, make(owner, shop, offer=False))
    assert (made.current_stock, made.total_stock) == (None, None)
    assert made.status is RewardStatus.DRAFT


@pytest.mark.parametrize("kind", OFFERED)
def test_each_offered_type_can_be_made(
    app: Flask, shop: Shop, owner: Browser, kind: RewardType
) -> None:
    assert reward(app, shop, make(owner, shop, type=kind.value)).type is kind


def test_what_needs_fields_of_its_own_is_not_offered(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    """D10: "10 % off" had no field for the 10; a reward that has such a type keeps it."""
    shown = [
        each["value"] for each in owner.get(shop.url("/rewards/new")).html.select("[name=type]")
    ]
    assert shown == [kind.value for kind in OFFERED]
    voucher = make_reward(app, shop, "Voucher", type=RewardType.GIFT_CARD)
    assert press(edit_form(owner, shop, voucher), "Save", name="Gift").status_code == 200
    assert reward(app, shop, voucher).type is RewardType.GIFT_CARD


def test_pressing_add_twice_adds_one_reward_and_its_stock_once(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    page = owner.get(shop.url("/rewards/new"))
    filled_in: dict[str, Any] = TYPED | {"in_stock": "5", "offer": True}
    first, second = (press(page, "Add reward", **filled_in) for _ in range(2))
    assert first.request.path == second.request.path
    assert reward(app, shop, first.request.path.rsplit("/", 1)[1]).current_stock == 5


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"name": "  "}, "Give the reward a name."),
        ({"name": "x" * 121}, "Keep the name to 120 characters."),
        ({"points_cost": ""}, "Ask for points, for money, or for both."),
        ({"points_cost": "0", "money_cost": "0"}, "Ask for points, for money, or for both."),
        ({"points_cost": "-5"}, "Enter a whole number of points, 0 or more."),
        ({"points_cost": "99999999999"}, "Enter a whole number of points, 0 or more."),
        ({"money_cost": "a lot"}, "is not an amount. Write it like 12.50."),
        ({"money_cost": "1.234"}, "has too many decimals. EUR has 2"),
        ({"program_id": ""}, "Say which program"),
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
    ],
)
def test_a_bad_form_says_what_is_wrong(
    shop: Shop, owner: Browser, more: dict[str, str], sentence: str
) -> None:
    answer = create(owner, shop, **more)
    assert answer.status_code == 422
    assert sentence in answer.text


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"type": "CAR"}, "Choose one of these types."),
        ({"program_id": "c" + "0" * 24}, "Choose a program."),
        ({"tier_id": "c" + "0" * 24}, "Choose a tier."),
        ({"segment_id": "c" + "0" * 24}, "Choose a segment."),
        ({"icon": "skull"}, "Choose one of these icons."),
        ({"image": "../../etc/passwd"}, "Choose the picture again."),
    ],
)
def test_what_the_page_does_not_offer_is_refused(
    shop: Shop, owner: Browser, more: dict[str, str], sentence: str
) -> None:
    answer = forge(owner, shop, **more)
    assert answer.status_code == 422
    assert sentence in answer.text


def test_a_tier_of_another_program_is_refused(app: Flask, shop: Shop, owner: Browser) -> None:
    gold = make_tier(app, shop, "Gold", 500)
    other = make_program(app, shop, "Beans")
    answer = create(owner, shop, program_id=other, tier_id=gold)
    assert answer.status_code == 422
    assert "Gold belongs to another program." in answer.text


def test_hostile_text_is_shown_as_text(shop: Shop, owner: Browser) -> None:
    reward_id = make(
        owner, shop, name="<script>x</script>\x00", tags="<em>x", description="</textarea>"
    )
    for path in ("", f"{reward_id}", f"{reward_id}/edit"):
        page = owner.get(shop.url(f"/rewards/{path}")).text
        assert "<script>x" not in page
        assert "<em>x" not in page
    owner.get(shop.url("/rewards/?q=%00%25_'"))


def test_an_edit_is_written_down_and_a_late_one_refused(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = make(owner, shop, offer=False)
    before = edit_form(browser_as(app, shop, Role.MANAGER), shop, reward_id)
    opened = edit_form(owner, shop, reward_id)
    for _ in range(2):
        assert press(opened, "Save", points_cost="150").status_code == 200
    late = press(before, "Save", points_cost="90")
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


def test_an_edit_leaves_alone_what_nobody_touched(app: Flask, shop: Shop, owner: Browser) -> None:
    gold = make_tier(app, shop, "Gold", 500)
    reward_id = make(
        owner,
        shop,
        type="FREE_SHIPPING",
        description="An evening\nwith beans",
        money_cost="4,50",
        category="Events",
        tags="coffee, evening",
        icon="coffee",
        start_date="2026-07-01T09:00",
        end_date="2026-12-31T23:59",
        max_per_user="2",
        tier_id=gold,
    )
    press(edit_form(owner, shop, reward_id), "Save", name="Tasting")
    with inside(app, shop):
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "reward.edited")
        ).one()
    assert (entry.before, entry.after) == ({"name": "Free flat white"}, {"name": "Tasting"})


def test_a_copy_is_a_draft_with_an_empty_shelf(app: Flask, shop: Shop, owner: Browser) -> None:
    page = show(owner, shop, make(owner, shop, in_stock="5", tags="coffee"))
    copy_id = form_with(page, "Duplicate")["new_id"].value
    for _ in range(2):
        answer = press(page, "Duplicate")
        assert answer.request.path.endswith(f"/rewards/{copy_id}/edit")
    copy = reward(app, shop, copy_id)
    assert (copy.name, copy.tags) == ("Copy of Free flat white", ["coffee"])
    assert (copy.status, copy.current_stock) == (RewardStatus.DRAFT, 0)


def test_a_reward_is_offered_withdrawn_archived_and_taken_out(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = make(owner, shop, offer=False)
    page = show(owner, shop, reward_id)
    press(page, "Offer it")
    for button, status in (
        ("Offer it", RewardStatus.ACTIVE),
        ("Take off offer", RewardStatus.INACTIVE),
        ("Archive", RewardStatus.ARCHIVED),
        ("Take out of the archive", RewardStatus.INACTIVE),
    ):
        page = press(page, button)
        assert reward(app, shop, reward_id).status is status
    assert actions(app, shop, reward_id) == [
        "reward.created",
        "reward.offered",
        "reward.taken_off_offer",
        "reward.archived",
        "reward.taken_off_offer",
    ]


def test_an_archived_reward_is_not_offered_at_once(shop: Shop, owner: Browser) -> None:
    page = show(owner, shop, make(owner, shop, offer=False))
    press(page, "Archive")
    answer = press(page, "Offer it")
    assert answer.status_code == 409
    assert "not in a state for this" in answer.text


def test_an_empty_shelf_is_out_of_stock_when_it_is_offered(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = make(owner, shop, in_stock="0")
    assert reward(app, shop, reward_id).status is RewardStatus.OUT_OF_STOCK


def test_a_deleted_reward_is_shown_with_a_badge_and_restored(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = make(owner, shop)
    before = show(owner, shop, reward_id)
    press(before, "Delete")
    assert press(before, "Delete").status_code == 404
    page = show(owner, shop, reward_id)
    assert "Deleted" in page.text
    owner.get(shop.url(f"/rewards/{reward_id}/edit"), status=404)
    assert f"/rewards/{reward_id}" not in owner.get(shop.url("/rewards/")).text
    assert f"/rewards/{reward_id}" in owner.get(shop.url("/rewards/?status=deleted")).text
    for _ in range(2):
        assert press(page, "Restore").status_code == 200
    assert not reward(app, shop, reward_id).is_deleted


def test_it_does_not_come_back_before_its_program(app: Flask, shop: Shop, owner: Browser) -> None:
    reward_id = make(owner, shop)
    press(show(owner, shop, reward_id), "Delete")
    with inside(app, shop):
        db.session.delete(db.session.get_one(LoyaltyProgram, (shop.business_id, shop.program_id)))
        db.session.commit()
    answer = press(show(owner, shop, reward_id), "Restore")
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
    app: Flask, shop: Shop, owner: Browser, query: str, found: set[str]
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


def test_a_long_catalogue_has_pages(app: Flask, shop: Shop, owner: Browser) -> None:
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
    analyst, staff = browser_as(app, shop, Role.ANALYST), browser_as(app, shop, Role.STAFF)
    assert "Take off offer" not in buttons_of(show(analyst, shop, reward_id))
    here = shop.url(f"/rewards/{reward_id}")
    assert hostile_post(analyst, "no right", f"{here}/deletion").status_code == 403
    staff.get(here, status=403)
    other = make_shop(app)
    stranger = browser_as(app, other)
    there = other.url(f"/rewards/{reward_id}")
    for path in ("", "/edit", "/stock/add", "/stock/correct"):
        stranger.get(here + path, status=404)
        stranger.get(there + path, status=404)
    for path in ("/deletion", "/offer", "/archive", "/copy", "/restoration", "/stock/unlimited"):
        sent = {"new_id": new_id()}
        assert hostile_post(stranger, "a stranger", there + path, sent).status_code == 404
    assert reward(app, shop, reward_id).status is RewardStatus.ACTIVE


@pytest.mark.parametrize(
    ("typed", "choice"),
    [
        ("2027-03-28T02:30", "Choose 01:30 or 03:30."),
        ("2027-03-28T02:00", "Choose 01:00 or 03:00."),
    ],
)
def test_a_time_that_the_clocks_leave_out_is_asked_again(
    app: Flask, typed: str, choice: str
) -> None:
    """M9: 02:30 on the night the clocks go forward was saved as 03:30."""
    shop = make_shop(app, timezone="Europe/Berlin")
    answer = create(browser_as(app, shop), shop, start_date=typed)
    assert answer.status_code == 422
    sentence = f"The clocks go forward that night: there is no {typed[-5:]}. {choice}"
    assert sentence in answer.text
    assert typed in answer.text
