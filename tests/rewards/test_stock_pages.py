"""Stock by hand: what came in, what was counted, and what people read afterwards."""

from datetime import timedelta

from flask import Flask

from nxloy_web.db import db
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward, RewardStatus
from tests.factories import NOON, Shop, inside, make_customer, make_reward
from tests.pressing import Browser, Page, press


def stock(app: Flask, shop: Shop, reward_id: str) -> tuple[int | None, int | None, RewardStatus]:
    with inside(app, shop):
        row = db.session.get_one(Reward, (shop.business_id, reward_id))
        return row.current_stock, row.total_stock, row.status


def counted(app: Flask, shop: Shop, current: int, total: int) -> str:
    status = RewardStatus.ACTIVE if current else RewardStatus.OUT_OF_STOCK
    return make_reward(app, shop, current_stock=current, total_stock=total, status=status)


def opened(owner: Browser, shop: Shop, reward_id: str, path: str = "") -> Page:
    return owner.get(shop.url(f"/rewards/{reward_id}{path}"))


def test_what_comes_in_raises_both_once_and_puts_it_back_on_offer(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = counted(app, shop, 0, 10)
    form = opened(owner, shop, reward_id, "/stock/add")
    for _ in range(2):
        page = press(form, "Add to stock", amount="5", reason="Delivery of Tuesday")
    assert stock(app, shop, reward_id) == (5, 15, RewardStatus.ACTIVE)
    assert page.request.path == shop.url(f"/rewards/{reward_id}")
    assert "Delivery of Tuesday" in page.text
    assert "Added +5, 5 left" in page.text
    assert "5 of 15" in page.text


def test_a_count_sets_what_is_there_and_the_last_one_gone_takes_it_off(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = counted(app, shop, 5, 10)
    form = opened(owner, shop, reward_id, "/stock/correct")
    page = press(form, "Set the stock", to="0", reason="Broken")
    assert stock(app, shop, reward_id) == (0, 5, RewardStatus.OUT_OF_STOCK)
    assert "Corrected −5" in page.text


def test_counting_is_started_and_stopped(app: Flask, shop: Shop, owner: Browser) -> None:
    reward_id = make_reward(app, shop)
    assert "nobody counts" in opened(owner, shop, reward_id).text
    form = opened(owner, shop, reward_id, "/stock/correct")
    page = press(form, "Set the stock", to="7", reason="Counted")
    assert stock(app, shop, reward_id) == (7, 7, RewardStatus.ACTIVE)
    for _ in range(2):
        assert "nobody counts" in press(page, "Stop counting").text
    assert stock(app, shop, reward_id) == (None, None, RewardStatus.ACTIVE)


def test_bad_figures_are_refused_with_a_sentence(app: Flask, shop: Shop, owner: Browser) -> None:
    reward_id = counted(app, shop, 5, 10)
    unlimited = make_reward(app, shop)
    add, correct = "Add to stock", "Set the stock"
    for which, path, button, typed, sentence in (
        (reward_id, "add", add, {"amount": "", "reason": "x"}, "Say how many."),
        (reward_id, "add", add, {"amount": "0", "reason": "x"}, "1 or more"),
        (reward_id, "add", add, {"amount": "3", "reason": " "}, "Say why"),
        (reward_id, "add", add, {"amount": "1000000000", "reason": "x"}, "a shelf can hold"),
        (reward_id, "correct", correct, {"to": "-1", "reason": "x"}, "0 or more"),
        (reward_id, "correct", correct, {"to": "3", "reason": "x" * 201}, "200 characters"),
        (unlimited, "add", add, {"amount": "3", "reason": "x"}, "unlimited stock"),
    ):
        answer = press(opened(owner, shop, which, f"/stock/{path}"), button, **typed)
        assert answer.status_code == 422, typed
        assert sentence in answer.text
    assert stock(app, shop, reward_id) == (5, 10, RewardStatus.ACTIVE)


def test_a_change_of_stock_makes_no_open_edit_form_late(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = counted(app, shop, 5, 10)
    form = opened(owner, shop, reward_id, "/edit")
    press(
        opened(owner, shop, reward_id, "/stock/add"), "Add to stock", amount="5", reason="Delivery"
    )
    assert press(form, "Save", points_cost="90").status_code == 200


def test_the_page_lists_who_asked_for_it_even_if_deleted_since(
    app: Flask, shop: Shop, owner: Browser
) -> None:
    reward_id = make_reward(app, shop)
    customer_id = make_customer(app, shop, "Amara", deleted_at=NOON)
    with inside(app, shop):
        db.session.add(
            RewardRedemption(
                customer_id=customer_id,
                reward_id=reward_id,
                status=RedemptionStatus.PENDING,
                points_cost=100,
                code="AB12-CD34",
                requested_at=NOON,
                expires_at=NOON + timedelta(days=14),
            )
        )
        db.session.commit()
    page = opened(owner, shop, reward_id)
    assert "AB12-CD34" in page.text
    assert "Amara (deleted)" in page.text
    press(page, "Delete")
    assert "AB12-CD34" in opened(owner, shop, reward_id).text
