"""Stock: every change is a movement, and only in stock or out of it changes by itself."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from nxloy_web.actors import SYSTEM
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import NotFound
from nxloy_web.rewards import stock
from nxloy_web.tables.rewards import Reward, RewardStatus, StockMovement
from tests.factories import NOON, Shop, inside, make_reward, make_shop
from tests.ledger.books import books_of
from tests.pressing import browser_as


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def stocked(app: Flask, shop: Shop, current: int, total: int, **values: Any) -> str:
    return make_reward(app, shop, current_stock=current, total_stock=total, **values)


def seen(app: Flask, shop: Shop, reward_id: str) -> tuple[Any, ...]:
    with inside(app, shop):
        row = db.session.scalars(select(Reward).where(Reward.id == reward_id)).one()
        return row.current_stock, row.total_stock, row.status, row.version


def movements(app: Flask, shop: Shop, reward_id: str) -> list[tuple[Any, ...]]:
    with inside(app, shop):
        rows = db.session.scalars(
            select(StockMovement)
            .where(StockMovement.reward_id == reward_id)
            .order_by(StockMovement.created_at, StockMovement.id)
        ).all()
        return [(row.kind.value, row.change, row.stock_after, row.total_after) for row in rows]


def do(app: Flask, shop: Shop, verb: Any, *arguments: Any, **facts: Any) -> None:
    with inside(app, shop):
        verb(*arguments, **{"by": shop.actor(), "at": NOON} | facts)
        db.session.commit()


def take(app: Flask, shop: Shop, reward_id: str, redemption_id: str | None = None) -> str:
    redemption_id = redemption_id or new_id()
    with inside(app, shop):
        stock.take(stock.lock(reward_id), redemption_id=redemption_id, by=SYSTEM)
        db.session.commit()
    return redemption_id


def put_back(app: Flask, shop: Shop, reward_id: str, redemption_id: str) -> None:
    with inside(app, shop):
        stock.put_back(stock.lock(reward_id), redemption_id=redemption_id, by=SYSTEM)
        db.session.commit()


def test_the_last_one_makes_it_out_of_stock_and_what_comes_back_makes_it_active(
    app: Flask, shop: Shop
) -> None:
    reward = stocked(app, shop, 1, 5)
    taken = take(app, shop, reward)
    assert seen(app, shop, reward) == (0, 5, RewardStatus.OUT_OF_STOCK, 1)
    with pytest.raises(stock.OutOfStock, match="Free flat white is out of stock"):
        take(app, shop, reward)
    put_back(app, shop, reward, taken)
    put_back(app, shop, reward, taken)
    assert seen(app, shop, reward) == (1, 5, RewardStatus.ACTIVE, 1)
    assert movements(app, shop, reward) == [("TAKEN", -1, 0, 5), ("RETURNED", 1, 1, 5)]


def test_taking_for_one_redemption_twice_takes_once(app: Flask, shop: Shop) -> None:
    reward = stocked(app, shop, 3, 3)
    taken = take(app, shop, reward)
    with pytest.raises(IntegrityError, match="uq_stock_movements_redemption"):
        take(app, shop, reward, taken)
    assert seen(app, shop, reward)[0] == 2


def test_unlimited_stock_never_moves(app: Flask, shop: Shop) -> None:
    reward = make_reward(app, shop)
    put_back(app, shop, reward, take(app, shop, reward))
    assert movements(app, shop, reward) == []
    with pytest.raises(stock.StockUnlimited):
        do(app, shop, stock.add, reward, 5, reason="Delivery")


def test_what_was_not_counted_when_taken_does_not_come_back(app: Flask, shop: Shop) -> None:
    reward = make_reward(app, shop)
    taken = take(app, shop, reward)
    do(app, shop, stock.correct, reward, 4, reason="Counted for the first time")
    put_back(app, shop, reward, taken)
    assert seen(app, shop, reward)[:2] == (4, 4)


def test_adding_raises_both_and_a_second_press_adds_nothing(app: Flask, shop: Shop) -> None:
    reward = stocked(app, shop, 0, 5, status=RewardStatus.OUT_OF_STOCK)
    drawn = new_id()
    for _ in range(2):
        do(app, shop, stock.add, reward, 10, reason="Delivery", id=drawn)
    assert seen(app, shop, reward)[:3] == (10, 15, RewardStatus.ACTIVE)


def test_correcting_moves_the_total_by_the_same(app: Flask, shop: Shop) -> None:
    reward = stocked(app, shop, 6, 10)
    do(app, shop, stock.correct, reward, 4, reason="Two broke")
    do(app, shop, stock.correct, reward, 4, reason="Counted again")
    assert seen(app, shop, reward)[:2] == (4, 8)
    assert movements(app, shop, reward) == [("CORRECTED", -2, 4, 8)]


def test_a_draft_stays_a_draft_whatever_its_stock(app: Flask, shop: Shop) -> None:
    reward = stocked(app, shop, 5, 5, status=RewardStatus.DRAFT)
    do(app, shop, stock.correct, reward, 0, reason="Gone")
    assert seen(app, shop, reward)[2] is RewardStatus.DRAFT


def test_refusals(app: Flask, shop: Shop) -> None:
    reward = stocked(app, shop, 5, 5)
    with pytest.raises(stock.StockReasonNeeded):
        do(app, shop, stock.add, reward, 1, reason=" ")
    for amount in (0, -1, 2_000_000_000):
        with pytest.raises(stock.WrongStock):
            do(app, shop, stock.add, reward, amount, reason="Hm")
    with pytest.raises(stock.WrongStock):
        do(app, shop, stock.correct, reward, -1, reason="Hm")
    with pytest.raises(NotFound):
        do(app, make_shop(app), stock.add, reward, 1, reason="Not mine")
    assert seen(app, shop, reward)[:2] == (5, 5)


def test_counting_no_more_leaves_a_movement(app: Flask, shop: Shop) -> None:
    """D11."""
    reward = stocked(app, shop, 0, 5, status=RewardStatus.OUT_OF_STOCK)
    for _ in range(2):
        do(app, shop, stock.unlimit, reward)
    assert movements(app, shop, reward) == [("UNLIMITED", 0, None, None)]
    assert seen(app, shop, reward)[:3] == (None, None, RewardStatus.ACTIVE)
    assert books_of(app, shop) == []
    do(app, shop, stock.correct, reward, 4, reason="Counted again")
    assert movements(app, shop, reward)[-1] == ("CORRECTED", 4, 4, 4)
    page = browser_as(app, shop).get(shop.url(f"/rewards/{reward}"))
    assert "Not counted any more" in page.text
