"""What is refused, to whom, and in whose name: each guard of a redemption by itself."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from nxloy_web.actors import SYSTEM, Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.errors import FormUsed, NotFound
from nxloy_web.ledger import reads as reads_of_points
from nxloy_web.ledger import service
from nxloy_web.ledger.limits import OwnPoints
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking, codes, deciding, many, reads, taking_back
from nxloy_web.redemptions.who_was_first import AlreadyDecided
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.redemptions import RedemptionEvent, RedemptionStatus, RewardRedemption
from tests.factories import (
    NOON,
    Shop,
    inside,
    make_customer,
    make_program,
    make_reward,
    make_shop,
    make_user,
)
from tests.ledger.books import DAY, Kept, give, standing

Status = RedemptionStatus


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    """Not the first customer of the shop, nor the last."""
    make_customer(app, shop, "Ann")
    made = make_customer(app, shop)
    make_customer(app, shop, "Zoe")
    give(app, shop, made, 500, at=NOON - DAY)
    return made


@pytest.fixture
def mug(app: Flask, shop: Shop) -> str:
    return make_reward(app, shop, "Mug", points_cost=10, current_stock=9, total_stock=9)


@pytest.fixture
def row_id(app: Flask, shop: Shop, customer: str, mug: str) -> str:
    """Asked for; another redemption beside it is decided already."""
    other = ask(app, shop, customer, mug)
    do(app, shop, deciding.approve, other, by=shop.actor(Role.MANAGER))
    return ask(app, shop, customer, mug)


def ask(app: Flask, shop: Shop, customer: str, reward: str, **facts: Any) -> str:
    facts = {"id": new_id(), "by": shop.actor(Role.STAFF), "at": NOON} | facts
    with inside(app, shop):
        made = asking.ask(customer_id=customer, reward_id=reward, **facts)
        db.session.commit()
        return made.id


def do(app: Flask, shop: Shop, verb: Any, row_id: str, **facts: Any) -> RewardRedemption:
    facts = {"by": shop.actor(), "at": NOON} | facts
    if verb in (taking_back.cancel, taking_back.refund):
        facts = {"reason": "Changed their mind"} | facts
    with inside(app, shop):
        changed: RewardRedemption = verb(row_id, **facts)
        db.session.commit()
    return changed


def hand_over(app: Flask, shop: Shop, row_id: str, **facts: Any) -> RewardRedemption:
    do(app, shop, deciding.approve, row_id)
    return do(app, shop, deciding.fulfil, row_id, **facts)


def sign_up(app: Flask, shop: Shop, customer: str) -> Actor:
    """The customer signs in from now on."""
    user_id = make_user(app, "Amara")
    with inside(app, shop):
        db.session.execute(update(Customer).where(Customer.id == customer).values(user_id=user_id))
        db.session.commit()
    return Actor("customer", user_id, customer_id=customer)


def test_a_form_is_for_one_reward(app: Flask, shop: Shop, customer: str, mug: str) -> None:
    drawn = ask(app, shop, customer, mug)
    plate = make_reward(app, shop, "Plate", points_cost=10)
    with pytest.raises(FormUsed):
        ask(app, shop, customer, plate, id=drawn)


def test_what_has_lapsed_is_not_handed_over(app: Flask, shop: Shop, row_id: str) -> None:
    approved = do(app, shop, deciding.approve, row_id)
    with pytest.raises(deciding.Lapsed):
        do(app, shop, deciding.fulfil, row_id, at=approved.expires_at)


@pytest.mark.parametrize("verb", [deciding.approve, deciding.fulfil, taking_back.cancel])
def test_who_saw_an_older_version_is_told_what_happened(
    app: Flask, shop: Shop, row_id: str, verb: Any
) -> None:
    seen = do(app, shop, deciding.approve, row_id, by=shop.actor(Role.MANAGER)).version
    with pytest.raises(AlreadyDecided):
        do(app, shop, verb, row_id, version=seen - 1)


@pytest.mark.parametrize("verb", [deciding.approve, deciding.fulfil, taking_back.cancel])
def test_what_was_handed_over_is_decided(app: Flask, shop: Shop, row_id: str, verb: Any) -> None:
    hand_over(app, shop, row_id, by=shop.actor(Role.MANAGER))
    with pytest.raises(AlreadyDecided, match=f"Manager of {shop.slug} handed this over just now"):
        do(app, shop, verb, row_id)


def test_only_what_was_handed_over_is_taken_back(
    app: Flask, shop: Shop, customer: str, row_id: str
) -> None:
    for _ in range(2):
        with pytest.raises(AlreadyDecided):
            do(app, shop, taking_back.refund, row_id)
        do(app, shop, deciding.approve, row_id)
    do(app, shop, taking_back.cancel, row_id)
    with pytest.raises(AlreadyDecided):
        do(app, shop, taking_back.refund, row_id)
    assert standing(app, shop, customer).spendable == 490


def test_somebody_else_is_no_second_press(app: Flask, shop: Shop, row_id: str) -> None:
    do(app, shop, deciding.approve, row_id, by=shop.actor(Role.MANAGER))
    again = do(app, shop, deciding.approve, row_id, by=shop.actor(Role.MANAGER))
    assert again.status is Status.APPROVED
    with pytest.raises(AlreadyDecided, match=f"Manager of {shop.slug} approved this"):
        do(app, shop, deciding.approve, row_id, by=shop.actor(Role.STAFF))


def test_what_happened_by_itself_nobody_has_pressed(app: Flask, shop: Shop, customer: str) -> None:
    row_id = ask(app, shop, customer, make_reward(app, shop, needs_approval=False, points_cost=1))
    with pytest.raises(AlreadyDecided, match="approved by itself"):
        do(app, shop, deciding.approve, row_id, by=SYSTEM)


def test_it_was_handed_over_where_somebody_stood(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    with inside(app, shop):
        db.session.add(Location(id=(market := new_id()), name="Market"))
        db.session.commit()
    somewhere = Actor("team", shop.owner_id, Role.OWNER, location_id=market)
    nowhere = Actor("team", shop.owner_id, Role.OWNER)
    places = [
        hand_over(app, shop, ask(app, shop, customer, mug), by=by).location_id
        for by in (somewhere, nowhere)
    ]
    assert places == [market, shop.location_id]


def test_a_hand_over_is_undone_by_who_made_it_for_two_minutes(
    app: Flask, shop: Shop, row_id: str
) -> None:
    last = NOON + timedelta(minutes=2)
    with pytest.raises(deciding.HandedOverForGood):
        do(app, shop, deciding.undo_handover, row_id)
    hand_over(app, shop, row_id)
    for by, at in (
        (shop.actor(Role.STAFF), NOON),
        (shop.actor(), last + timedelta(microseconds=1)),
    ):
        with pytest.raises(deciding.HandedOverForGood):
            do(app, shop, deciding.undo_handover, row_id, by=by, at=at)
    undone = do(app, shop, deciding.undo_handover, row_id, at=last)
    assert (undone.status, undone.fulfilled_at) == (Status.APPROVED, None)
    again = do(app, shop, deciding.undo_handover, row_id, at=last)
    assert again.version == undone.version


def test_nobody_takes_back_their_own_whoever_else_is_a_customer(
    app: Flask, shop: Shop, customer: str, row_id: str
) -> None:
    make_customer(app, shop, "Yuri", user_id=shop.users[Role.MANAGER])
    hand_over(app, shop, row_id)
    with inside(app, shop):
        find(Customer, customer).user_id = shop.owner_id
        db.session.commit()
    with pytest.raises(OwnPoints):
        do(app, shop, taking_back.refund, row_id)
    refunded = do(app, shop, taking_back.refund, row_id, by=shop.actor(Role.MANAGER))
    assert refunded.status is Status.REFUNDED


def test_customers_change_their_mind_while_nobody_has_said_yes(
    app: Flask, shop: Shop, customer: str, mug: str, row_id: str
) -> None:
    me = sign_up(app, shop, customer)

    def change(row_id: str, **facts: Any) -> RewardRedemption:
        facts = {"customer_id": customer, "by": me} | facts
        return do(app, shop, taking_back.change_mind, row_id, **facts)

    with pytest.raises(AlreadyDecided):
        change(row_id, version=99)
    before = change(row_id)
    assert before.status is Status.CANCELLED
    assert change(row_id).version == before.version
    second = ask(app, shop, customer, mug)
    do(app, shop, deciding.approve, second)
    with pytest.raises(taking_back.OnlyWaiting):
        change(second)
    do(app, shop, deciding.fulfil, second)
    with pytest.raises(AlreadyDecided):
        change(second)


def test_nobody_changes_the_mind_of_another(
    app: Flask, shop: Shop, customer: str, row_id: str
) -> None:
    """The id of somebody else's redemption is not there for this customer."""
    other = make_customer(app, shop)
    with pytest.raises(NotFound):
        do(
            app,
            shop,
            taking_back.change_mind,
            row_id,
            customer_id=other,
            by=Actor("customer", customer_id=other),
        )


def test_what_customers_did_is_not_told_by_their_name(
    app: Flask, shop: Shop, customer: str, row_id: str
) -> None:
    me = sign_up(app, shop, customer)
    do(app, shop, taking_back.change_mind, row_id, customer_id=customer, by=me)
    with pytest.raises(AlreadyDecided, match=r"The customer cancelled this just now\."):
        do(app, shop, deciding.approve, row_id)


def test_a_reason_stands_in_the_audit_where_there_is_one(
    app: Flask, shop: Shop, row_id: str
) -> None:
    do(app, shop, deciding.approve, row_id)
    do(app, shop, taking_back.cancel, row_id, reason="Closed today")
    with inside(app, shop):
        entries = db.session.scalars(
            select(AuditEntry).where(AuditEntry.subject_id == row_id).order_by(AuditEntry.id)
        ).all()
        told = [(entry.before, entry.after) for entry in entries]
    assert told == [
        (None, {"status": "PENDING"}),
        ({"status": "PENDING"}, {"status": "APPROVED"}),
        ({"status": "APPROVED"}, {"status": "CANCELLED", "reason": "Closed today"}),
    ]


def test_a_step_keeps_only_its_own_time(app: Flask, shop: Shop, row_id: str) -> None:
    def times() -> list[bool]:
        with inside(app, shop):
            row = find(RewardRedemption, row_id)
            return [one is not None for one in (row.approved_at, row.fulfilled_at, row.closed_at)]

    assert times() == [False, False, False]
    do(app, shop, deciding.approve, row_id)
    assert times() == [True, False, False]
    do(app, shop, deciding.fulfil, row_id)
    assert times() == [True, True, False]
    do(app, shop, taking_back.refund, row_id)
    assert times() == [True, True, True]


def test_what_is_closed_does_not_lapse(app: Flask, shop: Shop, customer: str, row_id: str) -> None:
    row = hand_over(app, shop, row_id)
    with inside(app, shop):
        taking_back.expire(row_id, at=row.expires_at + DAY)
        db.session.commit()
        assert find(RewardRedemption, row_id).status is Status.FULFILLED
    assert standing(app, shop, customer).spendable == 480


def test_a_bulk_leaves_alone_what_was_not_chosen(
    app: Flask, shop: Shop, customer: str, mug: str, row_id: str
) -> None:
    left = ask(app, shop, customer, mug)
    with inside(app, shop):
        (line,) = many.do([row_id], "cancel", by=shop.actor(), at=NOON, reason="Closed today")
        locked = many.lock_all([row_id], with_holds=True)
        db.session.commit()
        assert (line.ok, line.code) == (True, locked[row_id])
        assert list(locked) == [row_id]
        assert find(RewardRedemption, left).status is Status.PENDING


def test_one_redemption_is_read_by_its_id(app: Flask, shop: Shop, row_id: str) -> None:
    with inside(app, shop):
        assert reads.with_everything(row_id).id == row_id
        with pytest.raises(NotFound):
            reads.with_everything("unknown")


def test_who_was_first_is_told_by_the_step_and_not_by_the_clock(
    app: Flask, shop: Shop, row_id: str
) -> None:
    """Whoever waited for the row may have drawn the later id for the earlier step."""
    do(app, shop, deciding.approve, row_id, by=shop.actor(Role.MANAGER))
    with inside(app, shop):
        step = RedemptionEvent(
            id="zz", redemption_id=row_id, to_status=Status.PENDING, occurred_at=NOON
        )
        db.session.add(step)
        db.session.commit()
    with pytest.raises(AlreadyDecided, match=f"Manager of {shop.slug} approved this"):
        do(app, shop, deciding.approve, row_id)


def test_what_comes_back_says_of_which_reward(
    app: Flask, shop: Shop, customer: str, row_id: str
) -> None:
    do(app, shop, taking_back.cancel, row_id)
    with inside(app, shop):
        (back, *_) = reads_of_points.latest(customer, 1)
        assert (back.amount, back.description, back.redemption_id) == (10, "Mug", row_id)


def test_a_reward_is_paid_in_its_program_or_in_the_default_one(
    app: Flask, shop: Shop, customer: str
) -> None:
    stamps = make_program(app, shop, "Stamps")
    with inside(app, shop):
        Kept(customer, stamps).credit("stamp", 40, NOON)
        db.session.commit()
    costs = {stamps: 40, None: 500}
    for program_id, cost in costs.items():
        row = ask(
            app, shop, customer, make_reward(app, shop, program_id=program_id, points_cost=cost)
        )
        with inside(app, shop):
            paid_in = find(RewardRedemption, row).program_id
            assert paid_in == (program_id or shop.program_id)
            assert service.balance_of(customer, paid_in).spendable == 0


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("nx-abcdef", "NX-ABCDEF"),
        ("nxabcd", "NX-NXABCD"),  # begins with NX by chance
        ("ABCDEFGH", "NX-ABCDEFGH"),
        ("NX-", "NX-NX"),
    ],
)
def test_only_a_whole_code_loses_its_beginning(typed: str, stored: str) -> None:
    assert codes.as_stored(typed) == stored
