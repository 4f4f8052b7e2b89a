"""Two at once: one wins, the other reads what happened, and nobody waits for each other."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger.service import NotEnoughPoints
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking, deciding, many, taking_back
from nxloy_web.redemptions.who_was_first import AlreadyDecided
from nxloy_web.tables.redemptions import RedemptionEvent, RewardRedemption
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop
from tests.ledger.books import books_of, give, standing
from tests.ledger.racing import all_at_once, locked, race, wait_until_one_waits


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    made = make_customer(app, shop)
    give(app, shop, made, 100)
    return made


@pytest.fixture
def mug(app: Flask, shop: Shop) -> str:
    return make_reward(app, shop, "Mug", points_cost=60, current_stock=1, total_stock=1)


def asks(shop: Shop, customer: str, reward: str, id: str | None = None) -> Any:
    drawn = id or new_id()
    return lambda: (
        asking.ask(id=drawn, customer_id=customer, reward_id=reward, by=shop.actor(), at=NOON).code
    )


def asked(app: Flask, shop: Shop, customer: str, reward: str) -> str:
    redemption_id = new_id()
    with inside(app, shop):
        asks(shop, customer, reward, redemption_id)()
        db.session.commit()
    return redemption_id


def count(app: Flask, shop: Shop, model: Any) -> int:
    with inside(app, shop):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_the_last_one_goes_to_whoever_was_first(
    app: Flask, shop: Shop, customer: str, mug: str, as_admin: Any
) -> None:
    other = make_customer(app, shop)
    give(app, shop, other, 100)
    first, second = race(app, shop, as_admin, asks(shop, customer, mug), asks(shop, other, mug))
    assert first.error is None
    assert isinstance(second.error, asking.NotToBeHad)
    assert str(second.error) == "Mug is out of stock."
    assert standing(app, shop, other).spendable == 100


def test_the_same_points_buy_one_reward(
    app: Flask, shop: Shop, customer: str, mug: str, as_admin: Any
) -> None:
    plate = make_reward(app, shop, "Plate", points_cost=60)
    first, second = race(
        app, shop, as_admin, asks(shop, customer, mug), asks(shop, customer, plate)
    )
    assert first.error is None
    assert isinstance(second.error, NotEnoughPoints)
    assert standing(app, shop, customer).spendable == 40


def test_asking_pressed_twice_at_once_asks_once(
    app: Flask, shop: Shop, customer: str, mug: str, as_admin: Any
) -> None:
    press = asks(shop, customer, mug, new_id())
    first, second = race(app, shop, as_admin, press, press)
    assert first.value == second.value
    assert count(app, shop, RewardRedemption) == 1
    assert standing(app, shop, customer).spendable == 40


def test_of_two_approvals_one_wins_and_the_other_reads_who(
    app: Flask, shop: Shop, customer: str, mug: str, as_admin: Any
) -> None:
    row_id = asked(app, shop, customer, mug)

    def approving(role: Role) -> Any:
        return lambda: deciding.approve(row_id, by=shop.actor(role), at=NOON, version=1).code

    first, second = race(app, shop, as_admin, approving(Role.STAFF), approving(Role.MANAGER))
    assert first.error is None
    assert isinstance(second.error, AlreadyDecided)
    assert str(second.error) == f"Staff of {shop.slug} approved this just now."
    assert count(app, shop, RedemptionEvent) == 2


def test_handing_over_and_cancelling_at_once(
    app: Flask, shop: Shop, customer: str, mug: str, as_admin: Any
) -> None:
    row_id = asked(app, shop, customer, mug)
    with inside(app, shop):
        deciding.approve(row_id, by=shop.actor(), at=NOON)
        db.session.commit()
    first, second = race(
        app,
        shop,
        as_admin,
        lambda: taking_back.cancel(row_id, by=shop.actor(Role.STAFF), at=NOON, reason="Late").code,
        lambda: deciding.fulfil(row_id, by=shop.actor(Role.MANAGER), at=NOON).code,
    )
    assert first.error is None
    assert isinstance(second.error, AlreadyDecided)
    assert standing(app, shop, customer).spendable == 100


def test_bulks_single_steps_and_new_requests_do_not_lock_each_other_out(
    app: Flask, shop: Shop
) -> None:
    rewards = [make_reward(app, shop, f"R{n}", points_cost=10) for n in range(2)]
    customers = [make_customer(app, shop) for _ in range(4)]
    ids = []
    for one in customers:
        give(app, shop, one, 200)
        ids += [asked(app, shop, one, reward) for reward in rewards]

    def bulk(order: list[str]) -> Any:
        return lambda: many.do(order, "cancel", by=shop.actor(), at=NOON, reason="Closed today")

    verbs: list[Any] = [bulk(ids), bulk(ids[::-1])]
    verbs += [
        asks(shop, one, reward) for one in customers[:2] for reward in (rewards[1], rewards[0])
    ]
    outcomes = all_at_once(app, shop, verbs)
    assert [outcome.error for outcome in outcomes] == [None] * len(verbs)
    assert books_of(app, shop) == []


def test_a_bulk_has_every_hold_before_it_gives_the_first_one_back(
    app: Flask, shop: Shop, as_admin: Any
) -> None:
    """Else it holds the first reward while it comes for the balance of somebody who, with that
    balance in hand, waits for the reward: PostgreSQL would end one of the two."""
    cup, bun = (make_reward(app, shop, name, points_cost=10) for name in ("Cup", "Bun"))
    ann, bo = make_customer(app, shop, "Ann"), make_customer(app, shop, "Bo")
    for one in (ann, bo):
        give(app, shop, one, 100)
    ids = [asked(app, shop, ann, cup), asked(app, shop, bo, bun)]
    outcomes: list[Any] = []

    def bo_asks_for_a_cup() -> None:
        outcomes.extend(all_at_once(app, shop, [asks(shop, bo, cup)]))

    other = threading.Thread(target=bo_asks_for_a_cup)

    def meanwhile() -> None:
        other.start()
        wait_until_one_waits(as_admin)

    with inside(app, shop):
        with after_the_first_of_a_bulk(meanwhile):
            lines = many.do(ids, "cancel", by=shop.actor(), at=NOON, reason="Closed today")
        db.session.commit()
    other.join()
    assert [line.message for line in lines] == ["Cancelled", "Cancelled"]
    assert [outcome.error for outcome in outcomes] == [None]
    assert books_of(app, shop) == []


@contextmanager
def after_the_first_of_a_bulk(act: Callable[[], None]) -> Iterator[None]:
    """Each of a bulk has a savepoint: act once this session has released its first one."""
    mine = db.session.connection()
    released: list[str] = []

    def remember(connection: Any, name: str, _: Any) -> None:
        if connection is mine:
            released.append(name)
            if len(released) == 1:
                act()

    event.listen(mine.engine, "release_savepoint", remember)
    try:
        yield
    finally:
        event.remove(mine.engine, "release_savepoint", remember)


def test_a_bulk_holds_what_it_moves_and_nothing_of_others(
    app: Flask, shop: Shop, as_admin: psycopg.Connection[Any]
) -> None:
    """Who only says yes takes no balance and no reward from those who are at the counter."""
    cup, bun, pie = (make_reward(app, shop, name, points_cost=10) for name in ("Cup", "Bun", "Pie"))
    ann, bo, cy = (make_customer(app, shop) for _ in range(3))
    for one in (ann, bo, cy):
        give(app, shop, one, 100)
    first, second = asked(app, shop, ann, cup), asked(app, shop, bo, bun)
    asked(app, shop, cy, pie)
    balances = {standing(app, shop, one).id for one in (ann, bo)}
    for with_holds, held in ((False, (set(), set())), (True, (balances, {cup, bun}))):
        with inside(app, shop):
            many.lock_all([second, first], with_holds=with_holds)
            assert locked(as_admin, "reward_redemptions", shop) == {first, second}
            assert locked(as_admin, "customer_balances", shop) == held[0]
            assert locked(as_admin, "rewards", shop) == held[1]
            db.session.rollback()
    for verb, holds in (("approve", False), ("cancel", True)):
        with inside(app, shop):
            many.do([first, second], verb, by=shop.actor(), at=NOON, reason="Closed today")
            assert bool(locked(as_admin, "customer_balances", shop)) is holds
            db.session.rollback()
