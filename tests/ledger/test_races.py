"""Two at once on one balance."""

from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger.books import Books
from nxloy_web.ledger.service import NotEnoughPoints
from nxloy_web.purchases import recording, voiding
from nxloy_web.tables.points import CustomerBalance
from tests.factories import NOON, Shop, inside, make_customer, make_program, make_shop
from tests.ledger.books import Kept, books_of, entries_of, give, standing
from tests.ledger.racing import all_at_once, locked, race


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop)


def spending(shop: Shop, customer: str, amount: int) -> Any:
    return lambda: Kept(customer, shop.program_id).spend(new_id(), amount, NOON)


def buying(shop: Shop, customer: str, id: str) -> Any:
    return lambda: (
        recording.record(
            id=id, customer_id=customer, amount_minor=1000, by=shop.actor(), at=NOON
        ).points
    )


def test_of_two_who_spend_the_same_points_one_wins(
    app: Flask, shop: Shop, customer: str, as_admin: Any
) -> None:
    give(app, shop, customer, 100)
    spend = spending(shop, customer, 60)
    first, second = race(app, shop, as_admin, spend, spend)
    assert first.error is None
    assert isinstance(second.error, NotEnoughPoints)
    assert entries_of(app, shop, customer) == [("EARNED", 100, 100), ("REDEEMED", -60, 40)]
    standing(app, shop, customer)


def test_the_second_counts_on_from_the_first(
    app: Flask, shop: Shop, customer: str, as_admin: Any
) -> None:
    give(app, shop, customer, 100)
    race(app, shop, as_admin, spending(shop, customer, 60), buying(shop, customer, new_id()))
    assert entries_of(app, shop, customer)[1:] == [("REDEEMED", -60, 40), ("EARNED", 10, 50)]
    standing(app, shop, customer)


def test_two_first_purchases_make_one_balance(
    app: Flask, shop: Shop, customer: str, as_admin: Any
) -> None:
    outcomes = race(
        app,
        shop,
        as_admin,
        buying(shop, customer, new_id()),
        buying(shop, customer, new_id()),
    )
    assert [outcome.value for outcome in outcomes] == [10, 10]
    assert standing(app, shop, customer).balance == 20


def test_a_purchase_pressed_twice_at_once_is_recorded_once(
    app: Flask, shop: Shop, customer: str, as_admin: Any
) -> None:
    press = buying(shop, customer, new_id())
    outcomes = race(app, shop, as_admin, press, press)
    assert [outcome.value for outcome in outcomes] == [10, 10]
    assert entries_of(app, shop, customer) == [("EARNED", 10, 10)]


def test_a_void_pressed_twice_at_once_takes_back_once(
    app: Flask, shop: Shop, customer: str, as_admin: Any
) -> None:
    purchase = new_id()
    with inside(app, shop):
        buying(shop, customer, purchase)()
        db.session.commit()

    def void() -> str:
        return voiding.void(purchase, reason="Back", by=shop.actor(), at=NOON).status.value

    outcomes = race(app, shop, as_admin, void, void)
    assert [outcome.value for outcome in outcomes] == ["VOIDED", "VOIDED"]
    assert entries_of(app, shop, customer) == [("EARNED", 10, 10), ("REFUNDED", -10, 0)]
    standing(app, shop, customer)


def test_a_crowd_at_one_balance_loses_nothing(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 100)
    crowd = [spending(shop, customer, 30) for _ in range(5)]
    crowd += [buying(shop, customer, new_id()) for _ in range(3)]
    outcomes = all_at_once(app, shop, crowd)
    refused = [outcome.error for outcome in outcomes if outcome.error is not None]
    assert all(isinstance(error, NotEnoughPoints) for error in refused)
    spent = sum(outcome.error is None for outcome in outcomes[:5])
    assert spent in (3, 4)
    assert standing(app, shop, customer).balance == 130 - 30 * spent
    assert books_of(app, shop) == []


def test_only_the_balances_that_move_are_held(
    app: Flask, shop: Shop, customer: str, as_admin: psycopg.Connection[Any]
) -> None:
    other, newcomer = make_customer(app, shop), make_customer(app, shop)
    stamps = make_program(app, shop, "Stamps")
    with inside(app, shop):
        for who in (customer, other):
            for where in (shop.program_id, stamps):
                Kept(who, where).credit("first", 10, NOON)
        db.session.commit()
        ids = {
            (row.customer_id, row.program_id): row.id
            for row in db.session.scalars(select(CustomerBalance))
        }
    here, there = ids[customer, shop.program_id], ids[customer, stamps]
    for program_id, held in ((shop.program_id, {here}), (None, {here, there})):
        with inside(app, shop):
            Books(program_id, [customer], at=NOON)
            assert locked(as_admin, "customer_balances", shop) == held
            assert locked(as_admin, "customers", shop) == set()
            db.session.rollback()
    with inside(app, shop):
        books = Books(None, [customer, newcomer], at=NOON)
        assert books.choose(shop.program_id)
        assert books.standing(newcomer).balance == 0
        assert books.standing(customer).balance == 10
        db.session.rollback()
