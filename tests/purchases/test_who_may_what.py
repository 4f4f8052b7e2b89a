"""What is refused, to whom, and whose purchase is meant: each guard by itself."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.errors import FormUsed, NotFound
from nxloy_web.ledger.books import MOST
from nxloy_web.ledger.limits import CustomerBlocked, OverLimit, OwnPoints
from nxloy_web.ledger.service import TooManyPoints
from nxloy_web.money import MOST_MINOR
from nxloy_web.permissions import Role
from nxloy_web.purchases import batch, reads, recording, voiding
from nxloy_web.purchases.batch import NewPurchase
from nxloy_web.purchases.receipts import receipt_key
from nxloy_web.tables.businesses import BusinessSettings, Location
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.loyalty import EarningRule, EarningTerms
from nxloy_web.tables.points import PointLot, PointTransaction, TransactionType
from nxloy_web.tables.purchases import Purchase, PurchaseStatus
from tests.factories import NOON, Shop, inside, make_customer, make_program, make_shop, make_tier
from tests.ledger.books import DAY, books_of, entries_of, give, spend, standing


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app, settings=BusinessSettings(usual_points=20, staff_adjust_limit=50))


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop)


def buy(app: Flask, shop: Shop, customer_id: str, amount: int = 1250, **facts: Any) -> Purchase:
    facts = {"id": new_id(), "by": shop.actor(Role.STAFF), "at": NOON} | facts
    with inside(app, shop):
        purchase = recording.record(customer_id=customer_id, amount_minor=amount, **facts)
        db.session.commit()
    return purchase


def void(app: Flask, shop: Shop, purchase_id: str, at: datetime = NOON) -> None:
    with inside(app, shop):
        voiding.void(purchase_id, reason="Brought back", by=shop.actor(), at=at)
        db.session.commit()


def bring_in(app: Flask, shop: Shop, *purchases: NewPurchase, earning: bool = True) -> int:
    with inside(app, shop):
        points = batch.record_many(
            purchases,
            currency="EUR",
            program_id=shop.program_id if earning else None,
            at=NOON,
        )
        db.session.commit()
    return points


def figures(app: Flask, shop: Shop, customer_id: str) -> tuple[Any, ...]:
    with inside(app, shop):
        row = find(Customer, customer_id)
        return row.purchase_count, row.spent_minor, row.first_purchase_at, row.last_purchase_at


def test_amounts_from_nothing_to_the_most_there_is(app: Flask, shop: Shop, customer: str) -> None:
    assert buy(app, shop, customer, 0).points == 0
    for amount in (-1, MOST_MINOR + 1):
        with pytest.raises(recording.WrongAmount):
            buy(app, shop, customer, amount)
    with inside(app, shop):
        terms = EarningTerms(points=1, per_minor=MOST_MINOR)
        db.session.execute(update(EarningRule).values(terms=terms))
        db.session.commit()
    assert buy(app, shop, customer, MOST_MINOR).points == 1


def test_more_than_usual_is_asked_about_once(app: Flask, shop: Shop, customer: str) -> None:
    assert buy(app, shop, customer, 2000, confirmed_points=0).points == 20
    with pytest.raises(recording.MoreThanUsual) as refused:
        buy(app, shop, customer, 2100, confirmed_points=0)
    assert (refused.value.points, refused.value.usual) == (21, 20)
    assert buy(app, shop, customer, 2100, confirmed_points=21).points == 21
    with pytest.raises(recording.MoreThanUsual):
        buy(app, shop, customer, 2200, confirmed_points=21)
    # Who does not ask is not asked: an import, or a program.
    assert buy(app, shop, customer, 2100).points == 21


def test_a_full_balance_refuses_before_anything_is_written(
    app: Flask, shop: Shop, customer: str
) -> None:
    give(app, shop, customer, MOST, type=TransactionType.ADJUSTED)
    with pytest.raises(TooManyPoints):
        buy(app, shop, customer, 100)
    assert figures(app, shop, customer)[0] == 0


def test_in_the_program_that_is_named(app: Flask, shop: Shop, customer: str) -> None:
    """And quoted in the tier that is held there."""
    stamps = make_program(app, shop, "Stamps", currency="GBP")
    make_tier(app, shop, "Gold", 10, "2")
    buy(app, shop, customer, 1000)
    newcomer = make_customer(app, shop)
    with inside(app, shop):
        assert recording.quote(customer, 1000, at=NOON).points == 20
        assert recording.quote(newcomer, 1000, at=NOON).points == 10
        assert recording.quote(customer, 1000, at=NOON, program_id=shop.program_id).points == 20
        assert recording.quote(customer, 1000, at=NOON, program_id=stamps).points == 0
    purchase = buy(app, shop, customer, 1000, program_id=stamps)
    assert (purchase.program_id, purchase.currency, purchase.points) == (stamps, "GBP", 0)


def test_the_place_is_the_one_that_is_named_or_where_somebody_stands(
    app: Flask, shop: Shop, customer: str
) -> None:
    with inside(app, shop):
        db.session.add(Location(id=(market := new_id()), name="Market"))
        db.session.commit()
    here = Actor("team", shop.owner_id, Role.OWNER, location_id=market)
    nowhere = Actor("team", shop.owner_id, Role.OWNER)
    named = {"location_id": shop.location_id}
    assert buy(app, shop, customer, by=here).location_id == market
    assert buy(app, shop, customer, by=here, **named).location_id == shop.location_id
    assert buy(app, shop, customer, by=nowhere, **named).location_id == shop.location_id
    assert buy(app, shop, customer, by=nowhere).location_id is None


def test_a_form_is_for_one_receipt(app: Flask, shop: Shop, customer: str) -> None:
    drawn = new_id()
    for _ in range(2):
        assert buy(app, shop, customer, id=drawn, order_ref="A").id == drawn
    with pytest.raises(FormUsed):
        buy(app, shop, customer, id=drawn, order_ref="B")


def test_points_are_of_the_day_of_the_purchase(app: Flask, shop: Shop, customer: str) -> None:
    purchase = buy(app, shop, customer, occurred_at=NOON - DAY)
    assert (purchase.occurred_at, purchase.created_at) == (NOON - DAY, NOON)
    with pytest.raises(recording.InTheFuture):
        buy(app, shop, customer, occurred_at=NOON + timedelta(microseconds=1))


def test_an_old_purchase_is_of_its_own_day_in_everything(
    app: Flask, shop: Shop, customer: str
) -> None:
    gold = make_tier(app, shop, "Gold", 10)
    then = NOON - 2 * DAY
    buy(app, shop, customer, 1000, occurred_at=then)
    balance = standing(app, shop, customer)
    assert (balance.tier_id, balance.tier_since_at) == (gold, then)
    with inside(app, shop):
        lot = db.session.scalars(select(PointLot)).one()
        entry = db.session.scalars(select(PointTransaction)).one()
        assert (lot.available_at, entry.occurred_at) == (then, then)


def test_who_is_blocked_and_whose_card_it_is(app: Flask, shop: Shop) -> None:
    """Also when another customer, who may have points, is the first that is found."""
    make_customer(app, shop)
    blocked = make_customer(app, shop, status=CustomerStatus.BLOCKED)
    own = make_customer(app, shop, user_id=shop.users[Role.STAFF])
    make_customer(app, shop)
    for one, refusal in ((blocked, CustomerBlocked), (own, OwnPoints)):
        for _ in range(2):
            with pytest.raises(refusal):
                buy(app, shop, one)


def test_a_form_is_for_one_customer(app: Flask, shop: Shop, customer: str) -> None:
    drawn = buy(app, shop, customer).id
    other = make_customer(app, shop)
    buy(app, shop, other)
    with pytest.raises(FormUsed):
        buy(app, shop, other, id=drawn)
    with pytest.raises(FormUsed):
        buy(app, shop, make_customer(app, shop), id=drawn)


def test_a_receipt_stands_once_and_empty_ones_are_none(
    app: Flask, shop: Shop, customer: str
) -> None:
    assert buy(app, shop, customer, order_ref="").order_ref is None
    assert buy(app, shop, customer, order_ref="").order_ref is None
    buy(app, shop, customer, order_ref="A")
    with pytest.raises(recording.OrderTaken):
        buy(app, shop, customer, order_ref="A")
    assert buy(app, shop, customer, order_ref="B").order_ref == "B"


def test_a_voided_receipt_of_the_same_customer_goes_on(
    app: Flask, shop: Shop, customer: str
) -> None:
    """Of several the last that was voided; never one of somebody else."""
    other = make_customer(app, shop)
    for who, receipt, day in ((customer, "A", 1), (customer, "A", 2), (other, "A", 3)):
        void(app, shop, buy(app, shop, who, order_ref=receipt).id, NOON + day * DAY)
    void(app, shop, buy(app, shop, customer, order_ref="B").id, NOON + 4 * DAY)
    with inside(app, shop):
        alike = reads.voided_alike(import_keys=[], receipt_keys=[receipt_key("A")])
        owners = [row.customer_id for row in alike]
        assert owners == [customer, customer, other]
        assert reads.voided_alike(import_keys=[], receipt_keys=[]) == []
    again = buy(app, shop, customer, order_ref="A", at=NOON + 5 * DAY)
    assert again.came_before_id == alike[1].id
    with inside(app, shop):
        assert len(reads.voided_alike(import_keys=[], receipt_keys=[receipt_key("A")])) == 3
    assert buy(app, shop, customer).came_before_id is None
    assert buy(app, shop, customer, order_ref="C").came_before_id is None


def test_what_the_forerunner_left_unpaid_is_paid(app: Flask, shop: Shop, customer: str) -> None:
    first = buy(app, shop, customer, 1000, order_ref="A")
    spend(app, shop, customer, 10)
    void(app, shop, first.id)
    assert buy(app, shop, customer, 1000, order_ref="A").points == 10
    assert entries_of(app, shop, customer)[-2:] == [("EARNED", 10, 10), ("ADJUSTED", -10, 0)]
    with inside(app, shop):
        last = select(PointTransaction).order_by(PointTransaction.seq.desc()).limit(1)
        (step,) = db.session.scalars(last).one().metadata_.steps
    assert step == "10 had gone into a reward before the purchase was voided: 0 of them are new"
    assert books_of(app, shop) == []


def test_own_slips_are_undone_for_two_minutes(app: Flask, shop: Shop, customer: str) -> None:
    staff, owner = shop.actor(Role.STAFF), shop.actor()
    purchase = buy(app, shop, customer, by=staff)
    last = NOON + timedelta(minutes=2)
    assert voiding.can_undo(purchase, by=staff, at=NOON)
    assert voiding.can_undo(purchase, by=staff, at=last)
    assert not voiding.can_undo(purchase, by=staff, at=last + timedelta(microseconds=1))
    assert not voiding.can_undo(purchase, by=owner, at=NOON)
    by_itself = buy(app, shop, customer, by=SYSTEM)
    assert not voiding.can_undo(by_itself, by=SYSTEM, at=NOON)
    void(app, shop, purchase.id)
    with inside(app, shop):
        assert not voiding.can_undo(find(Purchase, purchase.id), by=staff, at=NOON)
        with pytest.raises(voiding.UndoTooLate):
            voiding.undo(by_itself.id, by=owner, at=NOON)


def test_the_limit_of_staff_counts_the_points(app: Flask, shop: Shop, customer: str) -> None:
    dear, cheap = (buy(app, shop, customer, amount).id for amount in (5100, 5000))
    with inside(app, shop):
        with pytest.raises(OverLimit):
            voiding.void(dear, reason="Wrong", by=shop.actor(Role.STAFF), at=NOON)
        voided = voiding.void(cheap, reason="Wrong", by=shop.actor(Role.STAFF), at=NOON)
        assert voided.status is PurchaseStatus.VOIDED


def test_voiding_counts_only_what_stands_of_this_customer(
    app: Flask, shop: Shop, customer: str
) -> None:
    other = make_customer(app, shop)
    buy(app, shop, other, 7000)
    gone = buy(app, shop, customer, 300, occurred_at=NOON - 3 * DAY)
    buy(app, shop, customer, 500, occurred_at=NOON - 2 * DAY)
    last = buy(app, shop, customer, 400, occurred_at=NOON - DAY)
    void(app, shop, gone.id)
    void(app, shop, last.id)
    assert figures(app, shop, customer) == (1, 500, NOON - 2 * DAY, NOON - 2 * DAY)
    assert figures(app, shop, other)[:2] == (1, 7000)


def test_many_at_once_earn_for_each_customer_what_one_by_one_would(
    app: Flask, shop: Shop, customer: str
) -> None:
    other = make_customer(app, shop)
    make_tier(app, shop, "Gold", 10, "2")
    points = bring_in(
        app,
        shop,
        # The later one comes first in the file: the tier is reached by the earlier one.
        NewPurchase(customer, 1000, NOON - DAY),
        NewPurchase(customer, 1500, NOON - 3 * DAY),
        NewPurchase(other, 700, NOON - 2 * DAY),
    )
    assert points == 15 + 20 + 7
    assert [standing(app, shop, one).balance for one in (customer, other)] == [35, 7]
    assert figures(app, shop, customer) == (2, 2500, NOON - 3 * DAY, NOON - DAY)


def test_many_without_a_program_earn_nothing_and_can_be_voided(
    app: Flask, shop: Shop, customer: str
) -> None:
    one = NewPurchase(customer, 1000, NOON - DAY)
    assert bring_in(app, shop, one, earning=False) == 0
    with inside(app, shop):
        kept = find(Purchase, one.id)
        assert (kept.program_id, kept.why.steps) == (None, ["Imported without points"])
    void(app, shop, one.id)
    assert figures(app, shop, customer) == (0, 0, None, None)
    assert entries_of(app, shop, customer) == []


def test_an_import_is_by_who_started_it(app: Flask, shop: Shop, customer: str) -> None:
    staff = shop.users[Role.STAFF]
    theirs, anybodys, systems = (NewPurchase(customer, 100, NOON) for _ in range(3))
    theirs = NewPurchase(customer, 100, NOON, by_user_id=staff)
    with inside(app, shop):
        for rows, by in (([theirs, anybodys], shop.owner_id), ([systems], None)):
            batch.record_many(
                rows, currency="EUR", program_id=shop.program_id, at=NOON, by_user_id=by
            )
        db.session.commit()
        makers = [find(Purchase, one.id).by_user_id for one in (theirs, anybodys, systems)]
    assert makers == [staff, shop.owner_id, None]


def test_a_line_is_known_by_its_receipt_or_its_key_and_its_customer(
    app: Flask, shop: Shop, customer: str
) -> None:
    other = make_customer(app, shop)
    by_key = NewPurchase(customer, 100, NOON, import_key="key")
    by_receipt = NewPurchase(customer, 100, NOON, order_ref="receipt")
    unnamed = NewPurchase(customer, 100, NOON)
    bring_in(app, shop, by_key, by_receipt, unnamed)
    standing_ = NewPurchase(other, 100, NOON, import_key="stands")
    bring_in(app, shop, standing_)
    for one in (by_key, by_receipt, unnamed):
        void(app, shop, one.id)
    with inside(app, shop):
        # As when an import is undone: its keys are free again.
        gone = Purchase.status == PurchaseStatus.VOIDED
        db.session.execute(update(Purchase).where(gone).values(undone_at=NOON))
        db.session.commit()
    again = {
        "by key": NewPurchase(customer, 100, NOON, import_key="key"),
        "by receipt": NewPurchase(customer, 100, NOON, order_ref="receipt"),
        "unnamed": NewPurchase(customer, 100, NOON),
        # A receipt says it better than a key, and a receipt is no key.
        "of both": NewPurchase(customer, 100, NOON, import_key="new", order_ref="key"),
        "of another": NewPurchase(other, 100, NOON, import_key="theirs"),
    }
    bring_in(app, shop, *again.values())
    with inside(app, shop):
        before = {name: find(Purchase, one.id).came_before_id for name, one in again.items()}
    assert before == {
        "by key": by_key.id,
        "by receipt": by_receipt.id,
        "unnamed": None,
        "of both": None,
        "of another": None,
    }


def test_one_purchase_is_read_by_its_id_and_by_its_receipt(
    app: Flask, shop: Shop, customer: str
) -> None:
    other = buy(app, shop, customer, order_ref="B")
    purchase = buy(app, shop, customer, order_ref="A")
    buy(app, shop, customer)
    with inside(app, shop):
        assert reads.with_everything(purchase.id).id == purchase.id
        with pytest.raises(NotFound):
            reads.with_everything("unknown")
        found = reads.by_receipt("A")
        assert found is not None
        assert found.id == purchase.id
        assert reads.by_receipt("C") is None
    void(app, shop, purchase.id)
    with inside(app, shop):
        assert reads.by_receipt("A") is None
        found = reads.by_receipt("B")
        assert found is not None
        assert found.id == other.id


def test_only_a_voided_purchase_of_the_same_customer_is_put_right_and_once(
    app: Flask, shop: Shop, customer: str
) -> None:
    other = make_customer(app, shop)
    purchase = buy(app, shop, customer)
    buy(app, shop, customer)
    with pytest.raises(recording.NotVoided):
        buy(app, shop, customer, again_of=purchase.id)
    void(app, shop, purchase.id)
    with pytest.raises(NotFound):
        buy(app, shop, other, again_of=purchase.id)
    again = buy(app, shop, customer, again_of=purchase.id)
    assert again.came_before_id == purchase.id
    with pytest.raises(recording.RecordedAgain):
        buy(app, shop, customer, again_of=purchase.id)
    void(app, shop, again.id)
    assert buy(app, shop, customer, again_of=purchase.id).came_before_id == purchase.id
