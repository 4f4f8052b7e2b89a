"""From asking to handing over, and every way back."""

import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text, update

from nxloy_web import jobs
from nxloy_web.actors import Actor
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.db.rows import find
from nxloy_web.errors import FormUsed, NotAllowed, NotFound
from nxloy_web.ledger.limits import CustomerBlocked, OwnPoints
from nxloy_web.ledger.service import NotEnoughPoints, ReasonNeeded
from nxloy_web.permissions import Role
from nxloy_web.redemptions import asking, codes, deciding, many, queries, reads, taking_back
from nxloy_web.redemptions.who_was_first import AlreadyDecided
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer, CustomerStatus
from nxloy_web.tables.loyalty import LoyaltyProgram, ProgramStatus
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.rewards import Reward, RewardStatus
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop
from tests.ledger.books import DAY, books_of, entries_of, give, standing

Status = RedemptionStatus
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def customer(app: Flask, shop: Shop) -> str:
    made = make_customer(app, shop)
    give(app, shop, made, 250, at=NOON - DAY)
    return made


@pytest.fixture
def mug(app: Flask, shop: Shop) -> str:
    return make_reward(app, shop, "Mug", current_stock=2, total_stock=5)


def ask(app: Flask, shop: Shop, customer: str, reward: str, **facts: Any) -> RewardRedemption:
    facts = {"id": new_id(), "by": shop.actor(Role.STAFF), "at": NOON} | facts
    with inside(app, shop):
        made = asking.ask(customer_id=customer, reward_id=reward, **facts)
        db.session.commit()
    return made


def do(app: Flask, shop: Shop, verb: Any, row: RewardRedemption, **facts: Any) -> RewardRedemption:
    facts = {"by": shop.actor(), "at": NOON + MINUTE} | facts
    if verb in (taking_back.cancel, taking_back.refund):
        facts = {"reason": "Changed their mind"} | facts
    with inside(app, shop):
        changed: RewardRedemption = verb(row.id, **facts)
        db.session.commit()
    return changed


def stock_of(app: Flask, shop: Shop, reward: str) -> tuple[int | None, RewardStatus]:
    with inside(app, shop):
        row = db.session.scalars(select(Reward).where(Reward.id == reward)).one()
        return row.current_stock, row.status


def story(app: Flask, shop: Shop, row: RewardRedemption) -> list[tuple[str | None, str]]:
    with inside(app, shop):
        return [
            (event.from_status.value if event.from_status else None, event.to_status.value)
            for event, _ in queries.steps(row.id)
        ]


def test_asking_takes_points_and_stock_at_once(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    row = ask(app, shop, customer, mug)
    assert (row.status, row.points_cost, row.program_id) == (Status.PENDING, 100, shop.program_id)
    assert re.fullmatch(r"NX-[2-9A-HJ-NP-TV-Z]{6}", row.code)
    assert row.expires_at.isoformat() == "2026-06-29T22:00:00+00:00"  # the end of the 14th day
    assert entries_of(app, shop, customer)[-1] == ("REDEEMED", -100, 150)
    assert stock_of(app, shop, mug) == (1, RewardStatus.ACTIVE)
    assert story(app, shop, row) == [(None, "PENDING")]
    standing(app, shop, customer)


def test_a_reward_for_money_moves_no_points(app: Flask, shop: Shop, customer: str) -> None:
    before = entries_of(app, shop, customer)
    token = make_reward(app, shop, points_cost=0, money_cost=300)
    do(app, shop, taking_back.cancel, ask(app, shop, customer, token))
    assert entries_of(app, shop, customer) == before
    assert books_of(app, shop) == []


def test_a_reward_for_money_is_to_be_had_while_no_program_runs(
    app: Flask, shop: Shop, customer: str
) -> None:
    token = make_reward(app, shop, points_cost=0, money_cost=300, program_id=None)
    with inside(app, shop):
        find(LoyaltyProgram, shop.program_id).status = ProgramStatus.PAUSED
        db.session.commit()
    assert ask(app, shop, customer, token).program_id is None


def test_pressed_twice_it_is_asked_for_once(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    drawn = new_id()
    first, second = (ask(app, shop, customer, mug, id=drawn) for _ in range(2))
    assert first.code == second.code
    assert stock_of(app, shop, mug)[0] == 1
    with pytest.raises(FormUsed):
        ask(app, shop, make_customer(app, shop), mug, id=drawn)


def test_the_whole_way(app: Flask, shop: Shop, customer: str, mug: str) -> None:
    row = ask(app, shop, customer, mug)
    with pytest.raises(deciding.NotApproved):
        do(app, shop, deciding.fulfil, row)
    row = do(app, shop, deciding.approve, row, version=row.version)
    assert (row.status, row.approved_at) == (Status.APPROVED, NOON + MINUTE)
    row = do(app, shop, deciding.fulfil, row, version=row.version, at=NOON + 2 * MINUTE)
    assert (row.status, row.fulfilled_at) == (Status.FULFILLED, NOON + 2 * MINUTE)
    assert row.location_id == shop.location_id
    assert standing(app, shop, customer).balance == 150
    assert stock_of(app, shop, mug)[0] == 1
    assert story(app, shop, row) == [
        (None, "PENDING"),
        ("PENDING", "APPROVED"),
        ("APPROVED", "FULFILLED"),
    ]
    with inside(app, shop):
        actions = db.session.scalars(
            select(AuditEntry.action)
            .where(AuditEntry.subject_id == row.id)
            .order_by(AuditEntry.occurred_at, AuditEntry.id)
        ).all()
    assert actions == ["redemption.asked", "redemption.approved", "redemption.fulfilled"]


def test_a_reward_that_needs_no_approval_is_approved_by_itself(
    app: Flask, shop: Shop, customer: str
) -> None:
    reward = make_reward(app, shop, needs_approval=False)
    row = ask(app, shop, customer, reward)
    assert (row.status, row.approved_at) == (Status.APPROVED, NOON)
    assert story(app, shop, row) == [(None, "PENDING"), ("PENDING", "APPROVED")]
    with pytest.raises(AlreadyDecided, match=r"This was approved by itself 1 minute ago\."):
        do(app, shop, deciding.approve, row)


@pytest.mark.parametrize("approved", [False, True])
def test_cancelling_gives_points_and_stock_back(
    app: Flask, shop: Shop, customer: str, mug: str, approved: bool
) -> None:
    row = ask(app, shop, customer, mug)
    if approved:
        do(app, shop, deciding.approve, row)
    row = do(app, shop, taking_back.cancel, row)
    assert (row.status, row.closed_at) == (Status.CANCELLED, NOON + MINUTE)
    assert entries_of(app, shop, customer)[-1] == ("REFUNDED", 100, 250)
    assert stock_of(app, shop, mug)[0] == 2
    do(app, shop, taking_back.cancel, row)
    assert standing(app, shop, customer).spendable == 250


def test_refunding_what_was_handed_over(app: Flask, shop: Shop, customer: str, mug: str) -> None:
    def handed_over() -> RewardRedemption:
        row = ask(app, shop, customer, mug)
        do(app, shop, deciding.approve, row)
        return do(app, shop, deciding.fulfil, row)

    row = handed_over()
    with pytest.raises(AlreadyDecided):
        do(app, shop, taking_back.cancel, row)
    with pytest.raises(ReasonNeeded):
        do(app, shop, taking_back.refund, row, reason=" ")
    row = do(app, shop, taking_back.refund, row)
    assert row.status is Status.REFUNDED
    assert (standing(app, shop, customer).spendable, stock_of(app, shop, mug)[0]) == (250, 2)
    do(app, shop, taking_back.refund, handed_over(), restock=False)
    assert (standing(app, shop, customer).spendable, stock_of(app, shop, mug)[0]) == (250, 1)


def test_what_is_not_collected_lapses_and_gives_everything_back(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    row = ask(app, shop, customer, mug)
    late = row.expires_at
    assert do(app, shop, expire, row, at=late - MINUTE).status is Status.PENDING
    with pytest.raises(deciding.Lapsed, match=r"This request expired at the end of 29 June 2026;"):
        do(app, shop, deciding.approve, row, at=late)
    assert do(app, shop, expire, row, at=late).status is Status.EXPIRED
    assert (standing(app, shop, customer).spendable, stock_of(app, shop, mug)[0]) == (250, 2)
    with pytest.raises(AlreadyDecided, match="This expired, because nobody collected it in time"):
        do(app, shop, deciding.approve, row, at=late + MINUTE)


def expire(row_id: str, *, by: Actor, at: Any) -> RewardRedemption:
    return taking_back.expire(row_id, at=at)


def test_the_second_reads_what_the_first_did(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    row = ask(app, shop, customer, mug)
    do(app, shop, deciding.approve, row, by=shop.actor(Role.MANAGER))
    who = f"Manager of {shop.slug}"
    with pytest.raises(AlreadyDecided, match=rf"{who} approved this 4 minutes ago\."):
        do(app, shop, deciding.approve, row, at=NOON + 5 * MINUTE, version=row.version)
    with pytest.raises(AlreadyDecided, match=rf"{who} approved this on 15 June 2026\."):
        do(app, shop, taking_back.cancel, row, at=NOON + 2 * DAY, version=row.version)


def test_pressing_twice_is_not_coming_second(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    row = ask(app, shop, customer, mug)
    for verb in (deciding.approve, deciding.fulfil, taking_back.refund):
        before = row.version
        once = do(app, shop, verb, row, version=before)
        twice = do(app, shop, verb, row, version=before)
        assert once.version == twice.version
        row = twice
    assert standing(app, shop, customer).spendable == 250


def test_refusals_say_why_and_change_nothing(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    dear = make_reward(app, shop, "Dear", points_cost=300)
    with pytest.raises(NotEnoughPoints, match=r"50 more points are needed\."):
        ask(app, shop, customer, dear)
    once = make_reward(app, shop, "Once", max_per_user=1, points_cost=1)
    row = ask(app, shop, customer, once)
    with pytest.raises(asking.NotToBeHad, match="Each customer can have this once"):
        ask(app, shop, customer, once)
    do(app, shop, taking_back.cancel, row)
    ask(app, shop, customer, once)
    gone = make_reward(app, shop, "Gone", current_stock=0, total_stock=1)
    with pytest.raises(asking.NotToBeHad, match=r"Gone is out of stock\."):
        ask(app, shop, customer, gone)
    with pytest.raises(NotFound):
        ask(app, shop, customer, make_reward(app, make_shop(app)))
    with inside(app, shop):
        db.session.execute(update(Customer).values(status=CustomerStatus.BLOCKED))
        db.session.commit()
    with pytest.raises(CustomerBlocked):
        ask(app, shop, customer, mug)
    assert standing(app, shop, customer).balance == 249


def test_expired_points_buy_nothing_though_no_job_ran(app: Flask, shop: Shop, mug: str) -> None:
    customer = make_customer(app, shop)
    give(app, shop, customer, 100, at=NOON - DAY, expires_at=NOON)
    with pytest.raises(NotEnoughPoints):
        ask(app, shop, customer, mug)
    assert stock_of(app, shop, mug)[0] == 2


def test_a_customer_acts_for_themselves_only(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    other = make_customer(app, shop)
    me = Actor("customer", customer_id=customer)
    they = Actor("customer", customer_id=other)
    with pytest.raises(NotFound):
        ask(app, shop, other, mug, by=me)
    row = ask(app, shop, customer, mug, by=me)
    with pytest.raises(NotFound):
        do(app, shop, taking_back.change_mind, row, customer_id=customer, by=they)
    with pytest.raises(NotFound):
        do(app, shop, taking_back.change_mind, row, customer_id=other, by=they)
    with pytest.raises(NotAllowed):
        do(app, shop, taking_back.cancel, row, by=me)
    row = do(app, shop, taking_back.change_mind, row, customer_id=customer, by=me)
    assert row.status is Status.CANCELLED


def test_nobody_refunds_their_own(app: Flask, shop: Shop, customer: str, mug: str) -> None:
    row = ask(app, shop, customer, mug)
    do(app, shop, deciding.approve, row)
    do(app, shop, deciding.fulfil, row)
    with inside(app, shop):
        own = update(Customer).where(Customer.id == customer).values(user_id=shop.owner_id)
        db.session.execute(own)
        db.session.commit()
    with pytest.raises(OwnPoints):
        do(app, shop, taking_back.refund, row)


def test_a_code_is_found_however_it_is_typed(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    row = ask(app, shop, customer, mug)
    body = row.code[3:]
    with inside(app, shop):
        for typed in (row.code, row.code.lower(), body, f" nx {body[:3]} {body[3:].lower()} "):
            found = reads.by_code(typed)
            assert found is not None
            assert found.id == row.id
        assert reads.by_code("NX-000000") is None
        assert reads.by_code("") is None
    with inside(app, make_shop(app)):
        assert reads.by_code(row.code) is None


def test_a_code_that_is_taken_is_drawn_again(
    app: Flask, shop: Shop, customer: str, mug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = ask(app, shop, customer, mug)
    drawn = iter([first.code, first.code, "NX-222222"])
    monkeypatch.setattr(codes, "new_code", lambda: next(drawn))
    assert ask(app, shop, customer, mug).code == "NX-222222"
    assert standing(app, shop, customer).balance == 50


def test_bulk_does_what_it_can_and_says_what_it_could_not(
    app: Flask, shop: Shop, customer: str
) -> None:
    reward = make_reward(app, shop, points_cost=10)
    rows = [ask(app, shop, customer, reward) for _ in range(3)]
    do(app, shop, deciding.approve, rows[1], by=shop.actor(Role.MANAGER))
    ids = [row.id for row in rows]

    def bulk(verb: str, reason: str = "") -> dict[str, tuple[bool, str]]:
        with inside(app, shop):
            lines = many.do(
                [*ids, "unknown"],
                verb,
                by=shop.actor(Role.STAFF),
                at=NOON + 2 * MINUTE,
                reason=reason,
            )
            db.session.commit()
        return {line.redemption_id: (line.ok, line.message) for line in lines}

    lines = bulk("approve")
    assert lines[ids[0]] == lines[ids[2]] == (True, "Approved")
    assert lines[ids[1]] == (False, f"Manager of {shop.slug} approved this 1 minute ago.")
    assert lines["unknown"][0] is False
    assert bulk("cancel")[ids[0]] == (False, "Say why: everybody can read the reason later.")
    assert all(bulk("cancel", "Closed today")[row_id][0] for row_id in ids)
    assert standing(app, shop, customer).spendable == 250
    with pytest.raises(many.ChooseVerb):
        bulk("explode")


def test_jobs_let_requests_lapse_and_settle_balances(
    app: Flask, shop: Shop, mug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from nxloy_web import clock
    from nxloy_web.ledger import jobs as ledger_jobs
    from nxloy_web.redemptions import jobs as redemption_jobs

    monkeypatch.setattr(redemption_jobs, "BATCH", 2)
    monkeypatch.setattr(ledger_jobs, "BATCH", 2)
    reward = make_reward(app, shop, points_cost=10)
    customers = [make_customer(app, shop) for _ in range(5)]
    for one in customers:
        give(app, shop, one, 30, expires_at=NOON + 40 * DAY)
        ask(app, shop, one, reward)
    monkeypatch.setattr(clock, "now", lambda: NOON + 20 * DAY)
    for job in (redemption_jobs.lapse, ledger_jobs.settle_due):
        jobs.bind(app.app_context)
        with inside(app, shop):
            job()
            db.session.commit()
    assert [standing(app, shop, one).spendable for one in customers] == [30] * 5
    monkeypatch.setattr(clock, "now", lambda: NOON + 50 * DAY)
    with inside(app, shop):
        ledger_jobs.settle_due()
        db.session.commit()
    assert [standing(app, shop, one).balance for one in customers] == [0] * 5
    assert books_of(app, shop) == []


def test_letters_are_queued_with_the_change(
    app: Flask, shop: Shop, customer: str, mug: str, as_admin: Any
) -> None:
    row = ask(app, shop, customer, mug)
    do(app, shop, deciding.approve, row)
    queued = as_admin.execute(
        "SELECT args->>'status' FROM jobs.procrastinate_jobs WHERE args->>'redemption_id' = %s",
        (row.id,),
    ).fetchall()
    assert ("APPROVED",) in queued


def test_the_version_of_a_reward_does_not_move_with_its_stock(
    app: Flask, shop: Shop, customer: str, mug: str
) -> None:
    ask(app, shop, customer, mug)
    with inside(app, shop):
        assert (
            db.session.scalar(text("SELECT version FROM rewards WHERE id = :id"), {"id": mug}) == 1
        )
