"""Lots, expiry and debts of one balance."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import NotFound
from nxloy_web.ledger import reads, service
from nxloy_web.ledger.limits import OverLimit, OwnPoints
from nxloy_web.ledger.service import NotEnoughPoints, NothingToMove, ReasonNeeded, TooManyPoints
from nxloy_web.permissions import Role
from nxloy_web.tables.businesses import Business, BusinessSettings
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramSettings
from nxloy_web.tables.points import CustomerBalance, PointLot, PointReversal
from tests.factories import NOON, Shop, inside, make_customer, make_shop, make_tier
from tests.ledger.books import DAY, Kept, books_of, entries_of, give, spend, standing


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    return make_customer(app, shop)


def lots_of(app: Flask, shop: Shop) -> list[tuple[int, int]]:
    with inside(app, shop):
        rows = db.session.scalars(select(PointLot).order_by(PointLot.id)).all()
        return [(row.amount, row.remaining) for row in rows]


def test_a_credit_opens_a_lot_and_a_debit_uses_it(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 100)
    spend(app, shop, customer, 30)

    assert entries_of(app, shop, customer) == [("EARNED", 100, 100), ("REDEEMED", -30, 70)]
    balance = standing(app, shop, customer)
    assert (balance.balance, balance.spendable, balance.next_change_at) == (70, 70, None)
    assert (balance.lifetime_points, balance.last_seq) == (100, 2)


def test_the_lot_that_ends_first_is_used_first(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 10)
    give(app, shop, customer, 20, expires_at=NOON + 9 * DAY)
    give(app, shop, customer, 30, expires_at=NOON + 5 * DAY)
    spend(app, shop, customer, 35)
    assert lots_of(app, shop) == [(10, 10), (20, 15), (30, 0)]
    spend(app, shop, customer, 20)
    assert lots_of(app, shop) == [(10, 5), (20, 0), (30, 0)]
    standing(app, shop, customer)


def test_an_expired_point_is_not_spent_and_not_shown_though_no_job_ran(
    app: Flask, shop: Shop, customer: str
) -> None:
    give(app, shop, customer, 50, expires_at=NOON + DAY)
    give(app, shop, customer, 20)
    late = NOON + DAY  # good while it is earlier than its end

    with inside(app, shop):
        balance = service.balance_of(customer, shop.program_id)
        assert balance.spendable == 70
        assert reads.spendable_of(balance, late - timedelta(microseconds=1)) == 70
        assert reads.spendable_of(balance, late) == 20
        shown = select(reads.spendable_now(late)).select_from(CustomerBalance)
        assert db.session.scalars(shown).all() == [20]
        assert reads.standings(customer, late)[0].spendable == 20
    with pytest.raises(NotEnoughPoints, match=r"1 more point is needed\."):
        spend(app, shop, customer, 21, at=late)

    spend(app, shop, customer, 20, at=late)
    assert entries_of(app, shop, customer)[2:] == [("EXPIRED", -50, 20), ("REDEEMED", -20, 0)]
    standing(app, shop, customer)


def test_expiry_is_dated_when_it_happened_however_late_it_is_written(
    app: Flask, shop: Shop, customer: str
) -> None:
    give(app, shop, customer, 50, expires_at=NOON + DAY)
    with inside(app, shop):
        service.settle(shop.program_id, [customer], NOON + 30 * DAY)
        service.settle(shop.program_id, [customer], NOON + 30 * DAY)
        db.session.commit()
        (expired, _) = reads.history_in(shop.program_id, customer, "").rows
    assert (expired.amount, expired.occurred_at) == (-50, NOON + DAY)
    assert expired.by_user_id is None
    assert standing(app, shop, customer).next_change_at is None


def test_pending_points_are_spendable_from_their_day(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 40, available_at=NOON + DAY, expires_at=NOON + 3 * DAY)
    balance = standing(app, shop, customer)
    assert (balance.balance, balance.spendable) == (40, 0)
    assert balance.next_change_at == NOON + DAY
    with pytest.raises(NotEnoughPoints):
        spend(app, shop, customer, 1)
    spend(app, shop, customer, 15, at=NOON + DAY)
    balance = standing(app, shop, customer)
    assert (balance.spendable, balance.next_change_at) == (25, NOON + 3 * DAY)


def test_one_source_makes_an_entry_once(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 100, source_id="again")
    with pytest.raises(IntegrityError, match="uq_point_transactions_part"):
        give(app, shop, customer, 999, source_id="again", at=NOON + DAY)
    assert standing(app, shop, customer).balance == 100


def come_back(app: Flask, shop: Shop, customer: str, key: str, at: datetime) -> None:
    with inside(app, shop):
        Kept(customer, shop.program_id).come_back(key, at)
        db.session.commit()


def test_given_back_points_return_to_their_lots(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 30, expires_at=NOON + 5 * DAY)
    give(app, shop, customer, 30)
    taken = spend(app, shop, customer, 40)
    come_back(app, shop, customer, taken, NOON + DAY)
    assert lots_of(app, shop) == [(30, 30), (30, 30)]
    balance = standing(app, shop, customer)
    assert (balance.balance, balance.spendable) == (60, 60)
    assert balance.next_change_at == NOON + 5 * DAY


def test_a_lot_that_expired_meanwhile_lives_seven_days_more_and_then_expires_again(
    app: Flask, shop: Shop, customer: str
) -> None:
    give(app, shop, customer, 30, expires_at=NOON + 5 * DAY)
    taken = spend(app, shop, customer, 20)
    later = NOON + 10 * DAY
    come_back(app, shop, customer, taken, later)

    with inside(app, shop):
        (back, *_) = reads.history_in(shop.program_id, customer, "").rows
    assert back.metadata_.steps == [
        "20 of 20 points come back with the dates they had",
        "20 of them had expired and are good for 7 days more",
    ]
    types = [kind for kind, _, _ in entries_of(app, shop, customer)]
    assert types == ["EARNED", "REDEEMED", "EXPIRED", "REFUNDED"]
    balance = standing(app, shop, customer)
    assert balance.spendable == 20
    assert balance.next_change_at is not None
    assert balance.next_change_at.isoformat() == "2026-07-02T22:00:00+00:00"  # 7 days, Berlin

    with inside(app, shop):
        service.settle(shop.program_id, [customer], later + 8 * DAY)
        db.session.commit()
    assert entries_of(app, shop, customer)[-1] == ("EXPIRED", -20, 0)
    standing(app, shop, customer)


def take_back(app: Flask, shop: Shop, customer: str, earned: str, negative: bool = False) -> None:
    with inside(app, shop):
        business = db.session.scalars(select(Business)).one()
        business.settings = BusinessSettings(balance_may_go_negative=negative)
        db.session.flush()
        Kept(customer, shop.program_id).reverse(earned, NOON)
        db.session.commit()


def test_a_return_takes_what_is_left_of_its_own_lot(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 10, expires_at=NOON + DAY)
    earned = give(app, shop, customer, 20, available_at=NOON + DAY)
    take_back(app, shop, customer, earned)
    assert lots_of(app, shop) == [(10, 10), (20, 0)]


def test_a_return_stops_at_zero_and_lets_off_what_was_eaten(
    app: Flask, shop: Shop, customer: str
) -> None:
    earned = give(app, shop, customer, 100)
    spend(app, shop, customer, 70)
    take_back(app, shop, customer, earned)
    assert entries_of(app, shop, customer)[-1] == ("REFUNDED", -30, 0)
    assert standing(app, shop, customer).let_off == 70
    with inside(app, shop):
        (reversal,) = db.session.scalars(select(PointReversal)).all()
        assert (reversal.wanted, reversal.moved, reversal.let_off) == (100, 30, 70)
        assert reversal.why.steps == [
            "100 to take back",
            "70 of them were spent on a reward: they are let off",
            "taken back: 30",
        ]


def test_a_debt_is_paid_by_the_next_credits_first(app: Flask, shop: Shop, customer: str) -> None:
    earned = give(app, shop, customer, 100)
    spend(app, shop, customer, 70)
    take_back(app, shop, customer, earned, negative=True)
    assert entries_of(app, shop, customer)[-1] == ("REFUNDED", -100, -70)
    assert standing(app, shop, customer).owed == 70
    give(app, shop, customer, 50)
    with pytest.raises(NotEnoughPoints):
        spend(app, shop, customer, 1)
    give(app, shop, customer, 30)
    assert lots_of(app, shop) == [(100, 0), (50, 0), (30, 10)]
    balance = standing(app, shop, customer)
    assert (balance.spendable, balance.owed) == (10, 0)


def test_points_brought_in_after_their_end_are_written_and_written_off(
    app: Flask, shop: Shop, customer: str
) -> None:
    give(app, shop, customer, 80, expires_at=NOON - DAY)
    assert entries_of(app, shop, customer) == [("EARNED", 80, 80), ("EXPIRED", -80, 0)]
    balance = standing(app, shop, customer)
    assert (balance.spendable, balance.lifetime_points) == (0, 80)


def test_a_tier_is_reached_at_once_and_kept_while_points_are_spent(
    app: Flask, shop: Shop, customer: str
) -> None:
    base = make_tier(app, shop, "Base", 0)
    gold = make_tier(app, shop, "Gold", 100)
    give(app, shop, customer, 99)
    assert standing(app, shop, customer).tier_id == base
    give(app, shop, customer, 1, at=NOON + DAY)
    spend(app, shop, customer, 100, at=NOON + DAY)
    balance = standing(app, shop, customer)
    assert (balance.tier_id, balance.tier_since_at) == (gold, NOON + DAY)


def test_nothing_moves_for_too_much(app: Flask, shop: Shop, customer: str) -> None:
    with pytest.raises(TooManyPoints):
        give(app, shop, customer, 2_000_000_001)
    with inside(app, shop):
        assert service.balance_of(customer, shop.program_id).spendable == 0
        assert db.session.scalars(select(CustomerBalance)).all() == []


def test_adjusting_needs_a_reason_and_stays_within_the_limit_of_staff(
    app: Flask, shop: Shop, customer: str
) -> None:
    def adjust(amount: int, role: Role, reason: str = "Forgot the card", **facts: str) -> int:
        facts = {"id": new_id()} | facts
        with inside(app, shop):
            entry = service.adjust(
                customer,
                shop.program_id,
                amount,
                reason=reason,
                by=shop.actor(role),
                at=NOON,
                **facts,
            )
            db.session.commit()
            return entry.balance

    with pytest.raises(ReasonNeeded):
        adjust(10, Role.OWNER, " ")
    with pytest.raises(NothingToMove):
        adjust(0, Role.OWNER)
    with pytest.raises(OverLimit, match=r"up to 200 points at once; this is 201\."):
        adjust(201, Role.STAFF)
    assert adjust(200, Role.STAFF) == 200
    with pytest.raises(OverLimit):
        adjust(-201, Role.STAFF)
    assert adjust(500, Role.MANAGER, id="pressed") == 700
    assert adjust(500, Role.MANAGER, id="pressed") == 700
    with pytest.raises(NotEnoughPoints):
        adjust(-701, Role.OWNER)
    assert adjust(-700, Role.OWNER) == 0
    assert standing(app, shop, customer).lifetime_points == 0


def test_adjusted_points_expire_by_the_policy_of_the_program(
    app: Flask, shop: Shop, customer: str
) -> None:
    with inside(app, shop):
        db.session.execute(
            update(LoyaltyProgram).values(settings=ProgramSettings(expiry="days", expiry_after=1))
        )
        service.adjust(
            customer, shop.program_id, 5, id=new_id(), reason="Sorry", by=shop.actor(), at=NOON
        )
        db.session.commit()
    balance = standing(app, shop, customer)
    assert balance.next_change_at is not None
    assert balance.next_change_at.isoformat() == "2026-06-16T22:00:00+00:00"


def test_nobody_gives_points_to_themselves(app: Flask, shop: Shop) -> None:
    own = make_customer(app, shop, user_id=shop.owner_id)
    with inside(app, shop), pytest.raises(OwnPoints):
        service.adjust(own, shop.program_id, 5, id=new_id(), reason="Me", by=shop.actor(), at=NOON)


def test_the_customer_of_another_business_is_not_found(app: Flask, shop: Shop) -> None:
    theirs = make_customer(app, make_shop(app))
    with inside(app, shop), pytest.raises(NotFound):
        service.adjust(
            theirs, shop.program_id, 5, id=new_id(), reason="Hm", by=shop.actor(), at=NOON
        )


def test_entries_are_never_changed_or_deleted(app: Flask, shop: Shop, customer: str) -> None:
    give(app, shop, customer, 10)
    for statement in (
        "UPDATE nx.point_transactions SET amount = 1000",
        "DELETE FROM nx.point_transactions",
    ):
        with inside(app, shop), pytest.raises(DBAPIError, match="permission denied"):
            db.session.execute(text(statement))
    assert standing(app, shop, customer).balance == 10


def test_the_check_finds_a_balance_that_was_meddled_with(
    app: Flask, shop: Shop, customer: str, as_admin: Any
) -> None:
    """Past the triggers, which refuse it of everybody who is not the server's own superuser."""
    give(app, shop, customer, 10)
    as_admin.execute("SET session_replication_role = replica")
    for change in (
        "UPDATE customer_balances SET balance = 11, spendable = 12 WHERE business_id = %s",
        "UPDATE point_lots SET remaining = 9 WHERE business_id = %s",
    ):
        as_admin.execute(change, [shop.business_id])
    assert {problem.kind for problem in books_of(app, shop)} == {
        "balance",
        "lots",
        "lot",
        "spendable",
    }
