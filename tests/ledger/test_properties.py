"""Hundreds of made-up histories: whatever happens in whatever order, the books are right."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from nxloy_web.actors import SYSTEM
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import check, reads, service
from nxloy_web.ledger.causes import Cause
from nxloy_web.ledger.service import NotEnoughPoints
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.points import CustomerBalance, PointTransaction, TransactionType
from tests.factories import NOON, Shop, inside, make_shop

# Mostly points that are there at once and debits that are allowed: else little ever happens.
begins = st.sampled_from([0, 0, 0, 0, 0, 12, 48])
lasts = st.sampled_from([None, None, 24, 48, 72, 240])
which = st.integers(0, 5)
credit = st.tuples(st.just("credit"), st.integers(10, 60), begins, lasts)
debit = st.tuples(st.just("debit"), st.integers(1, 40))
claw_back = st.tuples(st.just("claw back"), which, st.booleans())
give_back = st.tuples(st.just("give back"), which)
steps = st.one_of(
    credit,
    credit,
    debit,
    debit,
    give_back,
    claw_back,
    st.tuples(st.just("wait"), st.integers(0, 60)),
    st.tuples(st.just("settle")),
    st.tuples(st.just("again"), which),
)
histories = st.builds(
    lambda first, second, rest: [first, second, *rest],
    credit,
    debit,
    st.lists(steps, min_size=4, max_size=14),
)


class Ledger:
    """Plays a history in one transaction that is thrown away in the end."""

    def __init__(self, shop: Shop) -> None:
        self.at: datetime = NOON
        self.credits: list[PointTransaction] = []
        self.debits: list[PointTransaction] = []
        self.clawed: set[str] = set()
        customer = Customer(id=new_id(), member_code=new_id(), email="a@b.c", email_norm=new_id())
        db.session.add(customer)
        db.session.flush()
        self.ids = customer.id, shop.program_id

    @property
    def balance(self) -> CustomerBalance:
        return service.balance_of(*self.ids, lock=True)

    def cause(self, type: TransactionType, kind: str, source_id: str) -> Cause:
        return Cause(type, kind, source_id, by=SYSTEM, at=self.at)

    def play(self, name: str, *arguments: Any) -> None:
        getattr(self, name.replace(" ", "_"))(*arguments)

    def credit(self, amount: int, starts: int, lasts: int | None) -> None:
        begin = self.at + timedelta(hours=starts)
        entry = service.credit(
            self.balance,
            amount,
            self.cause(TransactionType.EARNED, "credit", new_id()),
            available_at=begin,
            expires_at=None if lasts is None else begin + timedelta(hours=lasts),
        )
        self.credits.append(entry)

    def debit(self, amount: int) -> None:
        there = reads.spendable_of(self.balance, self.at)
        cause = self.cause(TransactionType.REDEEMED, "debit", new_id())
        if amount > there:
            with pytest.raises(NotEnoughPoints) as refused:
                service.debit(self.balance, amount, cause)
            assert refused.value.missing == amount - there
        else:
            self.debits.append(service.debit(self.balance, amount, cause))
            assert reads.spendable_of(self.balance, self.at) == there - amount

    def give_back(self, which: int) -> None:
        if self.debits:
            debit = self.debits[which % len(self.debits)]
            debt = max(0, -service.settle(self.balance, self.at).balance)
            there = reads.spendable_of(self.balance, self.at)
            is_first = service.entry_of("back", debit.id) is None
            service.give_back(debit, self.cause(TransactionType.REFUNDED, "back", debit.id))
            expected = there + max(0, -debit.amount - debt) if is_first else there
            assert reads.spendable_of(self.balance, self.at) == expected

    def claw_back(self, which: int, negative: bool) -> None:
        left = [entry for entry in self.credits if entry.id not in self.clawed]
        if left:
            earned = left[which % len(left)]
            self.clawed.add(earned.id)
            service.claw_back(
                self.balance,
                earned,
                self.cause(TransactionType.REFUNDED, "claw", earned.id),
                may_go_negative=negative,
            )

    def wait(self, hours: int) -> None:
        self.at += timedelta(hours=hours)

    def settle(self) -> None:
        there = reads.spendable_of(self.balance, self.at)
        assert service.settle(self.balance, self.at).spendable == there

    def again(self, which: int) -> None:
        """The same source once more: the same entry, and nothing has moved."""
        entries = self.credits + self.debits
        if not entries:
            return
        entry = entries[which % len(entries)]
        before = self.balance.balance, self.balance.last_seq
        verb = service.credit if entry.amount > 0 else service.debit
        repeated = verb(
            self.balance,
            999_999,
            self.cause(entry.type, entry.source_kind, entry.source_id),
        )
        assert repeated.id == entry.id
        assert (self.balance.balance, self.balance.last_seq) == before

    def is_right(self) -> None:
        balance = self.balance
        assert balance.next_change_at is None or balance.spendable >= 0
        # Clawing back outside a purchase is what the question about lifetime would find.
        assert [p for p in check.answers() if p.kind != "lifetime"] == []


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def of_many(histories_played: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The property over this many made-up histories; each is rolled back."""
    return settings(
        max_examples=histories_played,
        deadline=None,
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


def play_out(app: Flask, shop: Shop, played: list[tuple[Any, ...]]) -> None:
    with inside(app, shop):
        ledger = Ledger(shop)
        for step in played:
            ledger.play(*step)
        ledger.is_right()
        ledger.wait(24 * 30)
        ledger.settle()
        ledger.is_right()
        db.session.rollback()


@of_many(150)
@given(played=histories)
def test_the_books_are_right_after_any_history(
    app: Flask, shop: Shop, played: list[tuple[Any, ...]]
) -> None:
    play_out(app, shop, played)


@pytest.mark.soak
@of_many(5_000)
@given(played=histories)
def test_the_books_are_right_after_thousands_of_histories(
    app: Flask, shop: Shop, played: list[tuple[Any, ...]]
) -> None:
    play_out(app, shop, played)
