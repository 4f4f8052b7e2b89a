"""The small model gives what the worked examples say.

Numbers in names are rows of the worked examples, `docs/examples.md`.
"""

from datetime import UTC, datetime, timedelta

import pytest

from tests.ledger.model import Account, NotEnough

START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return START + timedelta(days=number)


@pytest.fixture
def account() -> Account:
    return Account(may_go_negative=False)


def test_07_a_return_takes_what_was_given(account: Account) -> None:
    account.credit("A", 50, day(0))
    account.reverse("A", day(1))
    assert (account.balance, account.moves) == (0, [50, -50])


def test_08_two_returns_of_one_purchase(account: Account) -> None:
    account.credit("A", 20, day(0))
    account.reverse("A", day(1), left=10)
    assert account.balance == 10
    account.reverse("A", day(1), left=0)
    assert account.balance == 0


def test_09_a_part_comes_back(account: Account) -> None:
    account.credit("A", 100, day(0))
    account.reverse("A", day(1), left=25)
    assert (account.balance, account.worth("A")) == (25, 25)


def test_10_the_older_points_are_eaten_first(account: Account) -> None:
    account.credit("January", 100, day(0))
    account.credit("March", 150, day(60))
    account.spend("R", 120, day(90))
    assert (account.left("January"), account.left("March")) == (0, 130)


def test_11_points_end_at_their_end(account: Account) -> None:
    """The model is told the end; how it is computed from a policy is not its business."""
    account.credit("A", 10, day(0), ends_at=day(32))
    account.settle(day(32) - timedelta(seconds=1))
    assert account.balance == 10
    account.settle(day(32))
    assert (account.balance, account.expired("A"), account.moves) == (0, 10, [10, -10])


def test_13_what_is_owed_is_paid_by_the_next_credit() -> None:
    account = Account(may_go_negative=True)
    account.credit("A", 100, day(0))
    account.spend("R", 100, day(0))
    account.reverse("A", day(1))
    assert (account.balance, account.owed) == (-100, 100)
    account.credit("B", 150, day(2))
    assert (account.balance, account.owed, account.places("R")) == (50, 0, {"B": 100})


@pytest.mark.parametrize("order", [("void", "cancel"), ("cancel", "void")])
def test_24_void_and_cancel_in_either_order(account: Account, order: tuple[str, str]) -> None:
    account.credit("A", 100, day(0))
    account.spend("R", 100, day(0))
    for act in order:
        if act == "void":
            account.reverse("A", day(1))
        else:
            account.come_back("R", day(1))
    assert (account.balance, account.let_off) == (0, 0)


def test_25_another_purchase_does_not_pay_what_was_let_off(account: Account) -> None:
    account.credit("A", 100, day(0))
    account.spend("R", 100, day(0))
    account.reverse("A", day(1))
    account.credit("B", 100, day(2))
    assert (account.balance, account.let_off) == (100, 100)


def test_25_nor_does_asking_and_calling_off_the_other_purchase_points(account: Account) -> None:
    test_25_another_purchase_does_not_pay_what_was_let_off(account)
    account.spend("S", 100, day(3))
    account.come_back("S", day(3))
    assert (account.balance, account.let_off) == (100, 100)


def test_26_the_same_line_come_again_pays_what_its_forerunner_left(account: Account) -> None:
    account.credit("A", 100, day(0))
    account.spend("R", 100, day(0))
    account.reverse("A", day(1))
    account.credit("A again", 100, day(2), again_of="A")
    assert (account.balance, account.let_off, account.places("R")) == (0, 0, {"A again": 100})
    account.reverse("A again", day(3))
    account.credit("A once more", 100, day(4), again_of="A again")
    assert (account.balance, account.let_off) == (0, 0)


def test_27_what_expired_goes_first(account: Account) -> None:
    account.credit("A", 100, day(0), ends_at=day(10))
    account.credit("B", 100, day(19))
    account.reverse("A", day(20))
    assert (account.balance, account.left("B"), account.moves[-1]) == (100, 100, 0)


def test_28_a_return_keeps_the_end(account: Account) -> None:
    account.credit("A", 30, day(0), ends_at=day(30))
    account.reverse("A", day(1), left=10)
    assert account.balance == 10
    account.settle(day(30))
    assert account.balance == 0


@pytest.mark.parametrize("void_first", [True, False])
def test_29_a_reward_that_comes_back_pays_for_another(account: Account, void_first: bool) -> None:
    account.credit("A", 100, day(0))
    account.spend("R1", 100, day(0))
    account.credit("B", 100, day(0))
    account.spend("R2", 100, day(0))
    if void_first:
        account.reverse("A", day(1))
        account.come_back("R2", day(1))
    else:
        account.come_back("R2", day(1))
        account.reverse("A", day(1))
    assert (account.balance, account.places("R1")) == (0, {"B": 100})


def test_30_a_moved_use_comes_back_where_it_sits(account: Account) -> None:
    account.credit("A", 100, day(0), ends_at=day(30))
    account.credit("B", 100, day(0), ends_at=day(60))
    account.spend("R", 100, day(1))
    account.reverse("A", day(2))
    assert account.places("R") == {"B": 100}
    account.come_back("R", day(3))
    assert (account.left("A"), account.left("B")) == (0, 100)
    account.settle(day(59))
    assert account.balance == 100
    account.settle(day(60))
    assert account.balance == 0


def test_38_seven_days_more_once(account: Account) -> None:
    account.credit("A", 100, day(0), ends_at=day(10))
    account.spend("R", 100, day(9))
    account.come_back("R", day(12))
    assert (account.balance, account.spendable(day(18)), account.spendable(day(19))) == (
        100,
        100,
        0,
    )
    account.spend("S", 100, day(18))
    account.come_back("S", day(25))
    assert (account.balance, account.expired("A"), account.moves[-1]) == (0, 100, 0)


def test_40_of_100_belonged_to_the_purchase_that_came_back(account: Account) -> None:
    account.credit("A", 40, day(0))
    account.credit("B", 60, day(0))
    account.spend("R", 100, day(1))
    account.reverse("A", day(2))
    account.come_back("R", day(3))
    assert (account.balance, account.moves[-1], account.let_off) == (60, 60, 0)


def test_eaten_points_move_to_what_ends_first_and_to_pending_points_last(account: Account) -> None:
    account.credit("A", 30, day(0))
    account.spend("R", 30, day(0))
    account.credit("pending", 10, day(0), available_at=day(9), ends_at=day(12))
    account.credit("never", 10, day(0))
    account.credit("soon", 10, day(0), ends_at=day(20))
    with pytest.raises(NotEnough):
        account.spend("S", 21, day(1))
    account.reverse("A", day(1), left=15)
    assert account.places("R") == {"A": 15, "soon": 10, "never": 5}
    account.reverse("A", day(1))
    assert account.places("R") == {"soon": 10, "never": 10, "pending": 10}


@pytest.mark.parametrize("cancel_first", [True, False])
def test_a_letting_off_is_not_forgotten_at_once(account: Account, cancel_first: bool) -> None:
    """R1 was let off before C came: B paying it for a moment does not make C pay it."""
    account.credit("A", 10, day(0))
    account.spend("R1", 10, day(0))
    account.credit("B", 10, day(0))
    account.spend("R2", 10, day(0))
    account.reverse("A", day(1))
    account.credit("C", 10, day(2))
    if cancel_first:
        account.come_back("R2", day(3))
        assert account.places("R1") == {"B": 10}
        account.reverse("B", day(3))
    else:
        account.reverse("B", day(3))
        assert account.places("R2") == {"C": 10}
        account.come_back("R2", day(3))
    assert (account.balance, account.left("C"), account.places("R1")) == (10, 10, {None: 10})


def test_a_newer_lot_makes_no_room_for_what_was_let_off(account: Account) -> None:
    """C ends before B, to which R1 moved: were R1 laid on to C, B would pay R2 for nothing."""
    for key in ("A", "D"):
        account.credit(key, 10, day(0), ends_at=day(50))
    account.spend("R1", 10, day(0))
    account.spend("R2", 10, day(0))
    account.credit("B", 10, day(0), ends_at=day(90))
    account.reverse("A", day(1))
    account.reverse("D", day(1))
    assert (account.places("R1"), account.places("R2")) == ({"B": 10}, {None: 10})
    account.credit("C", 10, day(2), ends_at=day(60))
    account.credit("X", 10, day(2))
    account.reverse("X", day(3))
    assert (account.balance, account.left("C"), account.moves[-1]) == (10, 10, -10)


def test_a_tier_keeps_the_threshold_it_was_reached_by() -> None:
    account = Account(may_go_negative=False, tiers=[("Silver", 100), ("Gold", 400)])
    account.credit("A", 400, day(0))
    account.credit("B", 50, day(1))
    account.credit("by hand", 900, day(1), counts=False)
    assert (account.tier, account.lifetime) == ("Gold", 450)
    account.tiers = [("Silver", 100), ("Gold", 600)]
    account.reverse("B", day(2))
    assert account.tier == "Gold"
    account.reverse("A", day(2), left=399)
    assert account.tier == "Silver"
    account.reverse("A", day(2))
    assert account.tier is None
