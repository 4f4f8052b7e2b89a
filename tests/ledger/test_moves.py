"""What moves do at their edges, without a database: each test is a mutant that chance let live."""

from datetime import datetime

import pytest

from nxloy_web.ledger import moves
from nxloy_web.ledger.account import Account
from tests.factories import NOON
from tests.ledger.books import DAY
from tests.ledger.histories import Pure
from tests.ledger.test_what_moves_say import an_account


def credit(pure: Pure, key: str, points: int, ends_at: datetime | None = None) -> None:
    pure.credit(key, points, NOON, NOON, ends_at, None)


def a_pure(*lots_and_rewards: tuple[str, str, int]) -> Pure:
    """Each lot is eaten by its reward."""
    pure = Pure(may_go_negative=False)
    for lot, reward, points in lots_and_rewards:
        credit(pure, lot, points)
        pure.spend(reward, points, NOON)
    return pure


def sitting(account: Account) -> dict[tuple[str, str | None], int]:
    """Where the points of each reward sit."""
    found: dict[tuple[str, str | None], int] = {}
    for place, amount in account.sitting(lambda place: True):
        key = place.part.debit_id, place.lot_id
        found[key] = found.get(key, 0) + amount
    return found


def test_what_is_due_now_is_due() -> None:
    account = (pure := Pure(may_go_negative=False)).account
    assert not moves.must_settle(account)
    credit(pure, "A", 10, NOON + DAY)
    for at, is_due in ((NOON, False), (NOON + DAY, True), (NOON + 2 * DAY, True)):
        account.at = at
        assert moves.must_settle(account) is is_due


def test_the_next_change_is_the_earliest_that_is_still_to_come() -> None:
    pure = Pure(may_go_negative=False)
    credit(pure, "A", 10)
    assert pure.account.standing.next_change_at is None
    credit(pure, "B", 10, NOON + 3 * DAY)
    credit(pure, "C", 10, NOON + 5 * DAY)
    assert pure.account.standing.next_change_at == NOON + 3 * DAY
    pure.spend("R", 1, NOON)
    assert pure.account.standing.next_change_at == NOON + 3 * DAY
    pure.credit("D", 10, NOON, NOON + DAY, None, None)
    assert pure.account.standing.next_change_at == NOON + DAY


def test_what_pays_a_debt_wholly_will_not_expire() -> None:
    pure = Pure(may_go_negative=True)
    credit(pure, "A", 10)
    pure.spend("R", 10, NOON)
    pure.reverse("A", NOON)
    credit(pure, "B", 10, NOON + DAY)
    standing = pure.account.standing
    assert (standing.owed, standing.spendable, standing.next_change_at) == (0, 0, None)


def test_a_debit_takes_no_more_than_it_costs() -> None:
    pure = Pure(may_go_negative=False)
    for lot in ("A", "B", "C"):
        credit(pure, lot, 10)
    pure.spend("R", 15, NOON)
    assert sitting(pure.account) == {("R", "A"): 10, ("R", "B"): 5}
    assert [lot.remaining for lot in pure.account.lots.values()] == [0, 5, 10]


def test_what_comes_back_takes_what_expired_first() -> None:
    pure = Pure(may_go_negative=False)
    credit(pure, "A", 20, NOON + DAY)
    pure.spend("R", 5, NOON)
    lot = pure.account.lots["A"]
    account = pure.begin(NOON + 2 * DAY)
    assert (lot.worth, lot.remaining, lot.expired) == (20, 0, 15)
    moves.lower(account, lot, left=10)
    assert (lot.worth, lot.remaining, lot.expired) == (10, 0, 5)
    moves.lower(account, lot)
    assert (lot.worth, lot.remaining, lot.expired) == (0, 0, 0)
    assert account.standing.let_off == 5


def test_what_ends_for_good_is_added_to_what_expired() -> None:
    pure = Pure(may_go_negative=False)
    credit(pure, "A", 30, NOON + DAY)
    pure.spend("R", 10, NOON)
    pure.spend("S", 10, NOON)
    lot = pure.account.lots["A"]
    moves.come_back(pure.begin(NOON + 2 * DAY), "R")
    assert (lot.remaining, lot.expired, lot.first_end) == (10, 10, NOON + DAY)
    moves.come_back(pure.begin(NOON + 30 * DAY), "S")
    assert (lot.remaining, lot.expired) == (0, 30)


def test_of_what_is_owed_and_let_off_the_debt_stays_longer() -> None:
    """A business let balances go below nought in between."""
    pure = a_pure(("A", "R", 20), ("B", "S", 5))
    account = pure.account
    moves.lower(account, account.lots["A"], left=14)
    account.may_go_negative = True
    moves.lower(account, account.lots["A"], left=8)
    assert (account.standing.owed, account.standing.let_off) == (6, 6)
    moves.come_back(account, "S")
    assert (account.standing.owed, account.standing.let_off) == (6, 1)


def test_one_reward_on_its_seat_and_at_home_loses_its_home() -> None:
    pure = a_pure(("A", "R", 20))
    account = pure.account
    credit(pure, "B", 5)
    moves.lower(account, account.lots["A"], left=15)
    credit(pure, "C", 5)
    pure.spend("S", 5, NOON)
    pure.reverse("C", NOON)
    credit(pure, "D", 5)
    assert sitting(account) == {("R", "A"): 15, ("R", "B"): 5, ("S", None): 5}
    pure.reverse("A", NOON)
    assert sitting(account) == {
        ("R", "B"): 5,
        ("R", "D"): 5,
        ("R", None): 10,
        ("S", None): 5,
    }


def test_what_is_remembered_is_forgotten_when_nothing_is_let_off() -> None:
    """Then the next credit need not look at what rewards have eaten."""
    account = (pure := Pure(may_go_negative=False)).account
    for lot, reward in (("A", "R"), ("B", "S")):
        pure.credit(lot, 10, NOON, NOON, None, None)
        pure.spend(reward, 10, NOON)
    pure.credit("C", 10, NOON, NOON, None, None)
    pure.reverse("A", NOON)
    assert not account.standing.has_marks
    pure.reverse("B", NOON)
    assert not account.standing.has_marks
    pure.credit("D", 5, NOON, NOON, None, None)
    assert account.standing.has_marks
    pure.come_back("S", NOON)
    pure.credit("E", 5, NOON, NOON, None, None)
    assert not account.standing.has_marks


def test_a_letting_off_alone_is_remembered() -> None:
    pure = Pure(may_go_negative=False)
    pure.credit("A", 10, NOON, NOON, None, None)
    pure.spend("R", 10, NOON)
    pure.reverse("A", NOON)
    pure.credit("B", 10, NOON, NOON, None, None)
    assert pure.account.standing.has_marks


@pytest.mark.parametrize("may_go_negative", [False, True])
def test_what_is_owed_or_let_off_stays_so_whatever_the_business_chooses_later(
    may_go_negative: bool,
) -> None:
    account = an_account(may_go_negative)
    moves.lower(account, account.lots["B"], left=5)
    moves.lower(account, account.lots["A"])
    account.may_go_negative = not may_go_negative
    moves.lower(account, account.lots["B"])
    standing = account.standing
    before, now = (
        (standing.owed, standing.let_off)
        if may_go_negative
        else (
            standing.let_off,
            standing.owed,
        )
    )
    assert (before, now) == (10, 5)


def test_at_home_sits_first_what_was_never_let_off() -> None:
    pure = Pure(may_go_negative=False)
    pure.credit("A", 20, NOON, NOON, None, None)
    pure.spend("R", 10, NOON)
    pure.spend("S", 10, NOON)
    account = pure.account
    moves.lower(account, account.lots["A"], left=10)
    pure.credit("B", 10, NOON, NOON, None, None)
    assert sitting(account) == {("R", "A"): 10, ("S", None): 10}
    moves.lower(account, account.lots["A"], left=5)
    assert sitting(account) == {("R", "A"): 5, ("R", "B"): 5, ("S", None): 10}
