"""Recording, voiding and undoing purchases."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import FormUsed, NotFound
from nxloy_web.ledger.limits import CustomerBlocked, OverLimit, OwnPoints
from nxloy_web.ledger.service import ReasonNeeded
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording, voiding
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.businesses import Business, BusinessSettings
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramSettings, ProgramStatus
from nxloy_web.tables.points import PointTransaction
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from tests.factories import NOON, Shop, inside, make_customer, make_shop, make_tier
from tests.ledger.books import DAY, entries_of, spend, standing


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop)


def buy(app: Flask, shop: Shop, customer_id: str, amount: int = 1250, **facts: Any) -> Purchase:
    facts = {"id": new_id(), "by": shop.actor(Role.STAFF), "at": NOON} | facts
    with inside(app, shop):
        purchase = recording.record(customer_id=customer_id, amount_minor=amount, **facts)
        db.session.commit()
    return purchase


def void(app: Flask, shop: Shop, purchase: Purchase, by: Actor, **facts: Any) -> Purchase:
    facts = {"reason": "Brought back", "at": NOON} | facts
    with inside(app, shop):
        voided = voiding.void(purchase.id, by=by, **facts)
        db.session.commit()
    return voided


def figures(app: Flask, shop: Shop, customer_id: str) -> tuple[Any, ...]:
    with inside(app, shop):
        row = db.session.scalars(select(Customer).where(Customer.id == customer_id)).one()
        return row.purchase_count, row.spent_minor, row.first_purchase_at, row.last_purchase_at


def settings(app: Flask, shop: Shop, **values: Any) -> None:
    with inside(app, shop):
        db.session.execute(update(Business).values(settings=BusinessSettings(**values)))
        db.session.commit()


def test_a_purchase_earns_and_says_why(app: Flask, shop: Shop, customer: str) -> None:
    purchase = buy(app, shop, customer)
    assert (purchase.points, purchase.currency) == (12, "EUR")
    assert purchase.why.steps == ["12.50 EUR / 1.00 EUR = 12"]
    assert purchase.location_id == shop.location_id
    assert entries_of(app, shop, customer) == [("EARNED", 12, 12)]
    assert figures(app, shop, customer) == (1, 1250, NOON, NOON)
    with inside(app, shop):
        entry = db.session.scalars(select(PointTransaction)).one()
        assert (entry.order_id, entry.metadata_.steps) == (purchase.id, purchase.why.steps)
    standing(app, shop, customer)


def test_pressed_twice_it_is_recorded_once(app: Flask, shop: Shop, customer: str) -> None:
    drawn = new_id()
    first, second = (buy(app, shop, customer, id=drawn) for _ in range(2))
    assert first.id == second.id
    assert figures(app, shop, customer)[:2] == (1, 1250)
    with pytest.raises(FormUsed):
        buy(app, shop, make_customer(app, shop), id=drawn)


def test_a_purchase_that_gives_nothing_keeps_why(app: Flask, shop: Shop, customer: str) -> None:
    purchase = buy(app, shop, customer, 99)
    assert (purchase.points, purchase.why.steps) == (0, ["0.99 EUR / 1.00 EUR = 0"])
    assert entries_of(app, shop, customer) == []
    assert void(app, shop, purchase, shop.actor()).status is PurchaseStatus.VOIDED
    assert figures(app, shop, customer) == (0, 0, None, None)


def test_the_tier_a_customer_has_multiplies(app: Flask, shop: Shop, customer: str) -> None:
    make_tier(app, shop, "Base", 0, "1")
    make_tier(app, shop, "Gold", 100, "1.5")
    assert buy(app, shop, customer, 10_000).points == 100
    purchase = buy(app, shop, customer, 1250)
    assert purchase.why.steps == ["12.50 EUR / 1.00 EUR = 12", "× 1.5 (Gold) = 18"]
    with inside(app, shop):
        assert recording.quote(customer, 1250, at=NOON).points == 18
    void(app, shop, purchase, shop.actor())
    assert standing(app, shop, customer).lifetime_points == 100


def test_voiding_what_gave_the_tier_takes_the_tier(app: Flask, shop: Shop, customer: str) -> None:
    base, gold = make_tier(app, shop, "Base", 0), make_tier(app, shop, "Gold", 100)
    purchase = buy(app, shop, customer, 10_000)
    assert standing(app, shop, customer).tier_id == gold
    void(app, shop, purchase, shop.actor())
    assert standing(app, shop, customer).tier_id == base


def test_points_expire_counted_from_the_purchase_not_from_bringing_it_in(
    app: Flask, shop: Shop, customer: str
) -> None:
    with inside(app, shop):
        policy = ProgramSettings(expiry="days", expiry_after=10)
        db.session.execute(update(LoyaltyProgram).values(settings=policy))
        db.session.commit()
    buy(app, shop, customer, occurred_at=NOON - 4 * DAY)
    next_change = standing(app, shop, customer).next_change_at
    assert next_change is not None
    assert next_change.isoformat() == "2026-06-21T22:00:00+00:00"
    buy(app, shop, customer, occurred_at=NOON - 40 * DAY)
    assert standing(app, shop, customer).spendable == 12
    assert figures(app, shop, customer) == (2, 2500, NOON - 40 * DAY, NOON - 4 * DAY)


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (ProgramStatus.PAUSED, "Points is paused: it gives no points until it goes on."),
        (ProgramStatus.ARCHIVED, "Points is archived: it gives no points any more."),
        (ProgramStatus.DRAFT, "Points has not been started yet."),
    ],
)
def test_a_program_that_is_not_running_gives_nothing(
    app: Flask, shop: Shop, customer: str, status: ProgramStatus, sentence: str
) -> None:
    with inside(app, shop):
        db.session.execute(update(LoyaltyProgram).values(status=status))
        db.session.commit()
    with pytest.raises(recording.ProgramNotRunning) as refused:
        buy(app, shop, customer, program_id=shop.program_id)
    assert refused.value.message == sentence
    with pytest.raises(recording.NoProgram):
        buy(app, shop, customer)


def test_refusals(app: Flask, shop: Shop, customer: str) -> None:
    blocked = make_customer(app, shop, status=CustomerStatus.BLOCKED)
    with pytest.raises(CustomerBlocked):
        buy(app, shop, blocked)
    own = make_customer(app, shop, user_id=shop.users[Role.STAFF])
    with pytest.raises(OwnPoints):
        buy(app, shop, own)
    assert buy(app, shop, own, by=shop.actor(Role.MANAGER)).points == 12
    with pytest.raises(recording.WrongAmount):
        buy(app, shop, customer, -1)
    with pytest.raises(recording.WrongAmount):
        buy(app, shop, customer, 10**12 + 1)
    with pytest.raises(recording.InTheFuture):
        buy(app, shop, customer, occurred_at=NOON + DAY)
    with pytest.raises(NotFound):
        buy(app, shop, make_customer(app, make_shop(app)))


def test_a_receipt_counts_once_until_it_is_voided(app: Flask, shop: Shop, customer: str) -> None:
    first = buy(app, shop, customer, order_ref="A-17")
    with pytest.raises(recording.OrderTaken, match=r"Receipt A-17 .* 12\.50 EUR of Amara\."):
        buy(app, shop, make_customer(app, shop), order_ref="A-17")
    void(app, shop, first, shop.actor())
    assert buy(app, shop, customer, order_ref="A-17").points == 12


def test_voiding_takes_back_exactly_what_was_earned(app: Flask, shop: Shop, customer: str) -> None:
    buy(app, shop, customer, 500, at=NOON - DAY)
    purchase = buy(app, shop, customer, 10_000)
    void(app, shop, purchase, shop.actor())
    void(app, shop, purchase, shop.actor(), reason="Again")
    assert entries_of(app, shop, customer)[-1] == ("REFUNDED", -100, 5)
    assert figures(app, shop, customer) == (1, 500, NOON - DAY, NOON - DAY)
    assert standing(app, shop, customer).lifetime_points == 5
    with inside(app, shop):
        row = db.session.scalars(select(Purchase).where(Purchase.id == purchase.id)).one()
        assert (row.void_reason, row.voided_at) == ("Brought back", NOON)
        audited = select(func.count()).where(AuditEntry.action == "purchase.voided")
        assert db.session.scalar(audited) == 1


def test_voiding_stops_at_zero_or_goes_below_as_the_business_says(
    app: Flask, shop: Shop, customer: str
) -> None:
    purchase = buy(app, shop, customer, 10_000)
    spend(app, shop, customer, 70)
    void(app, shop, purchase, shop.actor())
    assert standing(app, shop, customer).balance == 0

    settings(app, shop, balance_may_go_negative=True)
    other = make_customer(app, shop)
    purchase = buy(app, shop, other, 10_000)
    spend(app, shop, other, 70)
    void(app, shop, purchase, shop.actor())
    balance = standing(app, shop, other)
    assert (balance.balance, balance.spendable, balance.lifetime_points) == (-70, 0, 0)
    buy(app, shop, other, 10_000)
    assert standing(app, shop, other).spendable == 30


def test_staff_void_up_to_their_limit_and_with_a_reason(
    app: Flask, shop: Shop, customer: str
) -> None:
    purchase = buy(app, shop, customer, 20_100)
    with pytest.raises(OverLimit):
        void(app, shop, purchase, shop.actor(Role.STAFF))
    with pytest.raises(ReasonNeeded):
        void(app, shop, purchase, shop.actor(Role.MANAGER), reason=" ")
    void(app, shop, purchase, shop.actor(Role.MANAGER))
    small = buy(app, shop, customer, 20_000)
    void(app, shop, small, shop.actor(Role.STAFF))
    assert standing(app, shop, customer).balance == 0


def test_an_own_entry_is_undone_within_two_minutes(app: Flask, shop: Shop, customer: str) -> None:
    purchase = buy(app, shop, customer, 100_000)

    def undo(by: Actor, after: timedelta) -> None:
        with inside(app, shop):
            voiding.undo(purchase.id, by=by, at=NOON + after)
            db.session.commit()

    with pytest.raises(voiding.UndoTooLate):
        undo(shop.actor(Role.OWNER), timedelta(seconds=5))
    with pytest.raises(voiding.UndoTooLate):
        undo(shop.actor(Role.STAFF), timedelta(seconds=121))
    undo(shop.actor(Role.STAFF), timedelta(seconds=120))
    undo(shop.actor(Role.STAFF), timedelta(seconds=121))
    assert standing(app, shop, customer).balance == 0
