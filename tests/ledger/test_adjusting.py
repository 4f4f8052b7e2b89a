"""Correcting by hand, its limits, and finding what a source has done."""

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import FormUsed, NotAllowed
from nxloy_web.ledger import limits, service
from nxloy_web.ledger.books import MOST
from nxloy_web.ledger.limits import CustomerBlocked, OverLimit, OwnPoints
from nxloy_web.ledger.service import NothingToMove, TooManyPoints
from nxloy_web.permissions import Role
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.points import TransactionType
from tests.factories import NOON, Shop, inside, make_customer, make_program, make_shop
from tests.ledger.books import Kept, give, spend, standing


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app, settings=BusinessSettings(staff_adjust_limit=50))


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop)


def adjust(app: Flask, shop: Shop, customer_id: str, amount: int, by: Actor, **facts: str) -> int:
    facts = {"id": new_id(), "program_id": shop.program_id, "reason": "Counted again"} | facts
    with inside(app, shop):
        entry = service.adjust(customer_id, amount=amount, by=by, at=NOON, **facts)
        db.session.commit()
        return entry.balance


def test_a_form_corrects_once_and_one_thing(app: Flask, shop: Shop, customer: str) -> None:
    stamps = make_program(app, shop, "Stamps")
    by, drawn = shop.actor(), new_id()
    assert adjust(app, shop, customer, 5, by, id=drawn) == 5
    assert adjust(app, shop, customer, 5, by, id=drawn, reason=" Counted again ") == 5
    with pytest.raises(FormUsed):
        adjust(app, shop, customer, 6, by, id=drawn)
    with pytest.raises(FormUsed):
        adjust(app, shop, customer, 5, by, id=drawn, reason="Sorry")
    with pytest.raises(FormUsed):
        adjust(app, shop, customer, 5, by, id=drawn, program_id=stamps)
    assert standing(app, shop, customer).balance == 5


def test_the_audit_says_the_balance_before_and_after(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 10)
    adjust(app, shop, customer, -4, shop.actor())
    with inside(app, shop):
        told = select(AuditEntry).where(AuditEntry.action == "points.adjusted")
        entry = db.session.scalars(told).one()
    assert entry.before == {"balance": 10}
    assert entry.after == {"balance": 6, "reason": "Counted again"}


def test_the_limit_of_staff_is_the_one_of_the_business(
    app: Flask, shop: Shop, customer: str
) -> None:
    by = shop.actor(Role.STAFF)
    assert adjust(app, shop, customer, 50, by) == 50
    assert adjust(app, shop, customer, -50, by) == 0
    for amount in (51, -51):
        with pytest.raises(OverLimit):
            adjust(app, shop, customer, amount, by)
    for unlimited in (shop.actor(Role.MANAGER), shop.actor(), SYSTEM):
        adjust(app, shop, customer, 51, unlimited)
    assert standing(app, shop, customer).balance == 153


def test_who_may_not_correct_is_refused(app: Flask, shop: Shop, customer: str) -> None:
    with pytest.raises(NotAllowed):
        adjust(app, shop, customer, 1, shop.actor(Role.ANALYST))


def test_nobody_adds_to_their_own_card_but_may_take_from_it(app: Flask, shop: Shop) -> None:
    own = make_customer(app, shop, user_id=shop.owner_id)
    with pytest.raises(OwnPoints):
        adjust(app, shop, own, 1, shop.actor())
    assert adjust(app, shop, own, 5, shop.actor(Role.MANAGER)) == 5
    assert adjust(app, shop, own, -2, shop.actor()) == 3


def test_without_a_person_nobody_is_their_own_customer(
    app: Flask, shop: Shop, customer: str
) -> None:
    """Neither the system nor this customer signs in: that does not make them the same."""
    assert adjust(app, shop, customer, 5, SYSTEM) == 5


def test_the_blocked_are_refused() -> None:
    limits.refuse_blocked(Customer(status=CustomerStatus.ACTIVE))
    with pytest.raises(CustomerBlocked):
        limits.refuse_blocked(Customer(status=CustomerStatus.BLOCKED))


@pytest.mark.parametrize("amount", [0, -1])
def test_a_debit_takes_something(app: Flask, shop: Shop, customer: str, amount: int) -> None:
    give(app, shop, customer, 10)
    with inside(app, shop), pytest.raises(NothingToMove):
        Kept(customer, shop.program_id).spend("nothing", amount, NOON)


def test_a_balance_is_filled_to_the_last_point(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, MOST, type=TransactionType.ADJUSTED)
    with pytest.raises(TooManyPoints):
        adjust(app, shop, customer, 1, shop.actor())


def test_what_was_earned_and_spent_takes_room_too(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, MOST)
    spend(app, shop, customer, MOST)
    with pytest.raises(TooManyPoints):
        give(app, shop, customer, 1)


def test_a_balance_is_of_one_customer_in_one_program(app: Flask, shop: Shop, customer: str) -> None:
    other = make_customer(app, shop)
    stamps = make_program(app, shop, "Stamps")
    give(app, shop, customer, 10)
    with inside(app, shop):
        Kept(other, stamps).credit("stamp", 3, NOON)
        db.session.commit()
        found = {
            (who, where): service.balance_of(who, where).balance
            for who in (customer, other)
            for where in (shop.program_id, stamps)
        }
    assert found == {
        (customer, shop.program_id): 10,
        (customer, stamps): 0,
        (other, shop.program_id): 0,
        (other, stamps): 3,
    }


def test_an_entry_is_found_by_all_that_names_it(app: Flask, shop: Shop, customer: str) -> None:
    """A second program, a second customer and a second kind may have the same source."""
    other = make_customer(app, shop)
    stamps = make_program(app, shop, "Stamps")
    give(app, shop, customer, 10, source_id="one")
    give(app, shop, other, 20, source_id="two")
    with inside(app, shop):
        Kept(customer, stamps).credit("three", 30, NOON)
        kept = Kept(customer, shop.program_id)
        kept.reverse("one", NOON)
        first = service.entry_of(customer, shop.program_id, "test", "one")
        back = service.entry_of(customer, shop.program_id, "back", "one")
        assert first is not None
        assert back is not None
        assert (first.amount, back.amount) == (10, -10)
        for who, where, kind, source in (
            (customer, shop.program_id, "test", "two"),
            (customer, shop.program_id, "test", "three"),
            (customer, shop.program_id, "other", "one"),
            (other, shop.program_id, "test", "one"),
            (customer, stamps, "test", "one"),
        ):
            assert service.entry_of(who, where, kind, source) is None


def test_of_several_entries_of_a_source_the_first_is_meant(
    app: Flask, shop: Shop, customer: str
) -> None:
    """A line that comes again makes two: its points, and what it had left unpaid."""
    with inside(app, shop):
        kept = Kept(customer, shop.program_id)
        kept.credit("bought", 10, NOON)
        kept.spend("reward", 10, NOON)
        kept.reverse("bought", NOON)
        kept.credit("bought again", 10, NOON, again_of="bought")
        entry = service.entry_of(customer, shop.program_id, "test", "bought again")
        assert entry is not None
        assert (entry.amount, entry.part) == (10, 0)
