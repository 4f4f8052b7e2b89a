"""What a reversal says of itself is what it did, and nothing of the reversals before it."""

from nxloy_web.ledger import moves
from nxloy_web.ledger.account import Account
from nxloy_web.ledger.moves import Reversal
from tests.factories import NOON
from tests.ledger.books import DAY
from tests.ledger.histories import Pure


def an_account(may_go_negative: bool) -> Account:
    """A was eaten by R, and of B is something left."""
    pure = Pure(may_go_negative)
    pure.credit("A", 10, NOON, NOON, None, None)
    pure.spend("R", 10, NOON)
    pure.credit("B", 20, NOON, NOON, None, None)
    pure.spend("S", 5, NOON)
    return pure.account


def said(reversal: Reversal) -> dict[str, int]:
    """What is not nought."""
    names = (
        *("wanted", "moved", "expired", "let_off", "owed"),
        *("paid_for_others", "revived", "ended"),
    )
    return {name: value for name in names if (value := getattr(reversal, name))}


def test_what_began_already_is_no_change_to_come() -> None:
    assert an_account(may_go_negative=False).standing.next_change_at is None


def test_of_purchases_that_are_owed() -> None:
    account = an_account(may_go_negative=True)
    lots = account.lots
    assert said(moves.lower(account, lots["A"])) == {"wanted": 10, "moved": 10}
    assert said(moves.lower(account, lots["B"], left=10)) == {"wanted": 10, "moved": 10, "owed": 5}
    assert said(moves.lower(account, lots["B"])) == {"wanted": 10, "moved": 10, "owed": 10}
    assert said(moves.lower(account, lots["B"])) == {}
    assert said(moves.come_back(account, "R")) == {"wanted": 10, "moved": 10, "owed": 10}
    assert (account.standing.balance, account.standing.owed) == (-5, 5)


def test_of_purchases_that_are_let_off() -> None:
    account = an_account(may_go_negative=False)
    lots = account.lots
    assert said(moves.lower(account, lots["B"], left=5)) == {"wanted": 15, "moved": 15}
    assert said(moves.lower(account, lots["A"], left=4)) == {"wanted": 6, "let_off": 6}
    assert said(moves.lower(account, lots["A"])) == {"wanted": 4, "let_off": 4}
    assert said(moves.lower(account, lots["A"], left=4)) == {}
    assert said(moves.come_back(account, "S")) == {"wanted": 5, "paid_for_others": 5}
    assert said(moves.come_back(account, "R")) == {"wanted": 10, "moved": 5, "let_off": 5}
    assert (account.standing.balance, account.standing.let_off) == (5, 0)


def test_of_rewards_whose_points_have_ended() -> None:
    pure = Pure(may_go_negative=False)
    pure.credit("A", 10, NOON, NOON, NOON + 2 * DAY, None)
    pure.spend("R", 10, NOON)
    first = moves.come_back(pure.begin(NOON + 3 * DAY), "R")
    assert said(first) == {"wanted": 10, "moved": 10, "revived": 10}
    pure.spend("S", 10, NOON + 3 * DAY)
    second = moves.come_back(pure.begin(NOON + 20 * DAY), "S")
    assert said(second) == {"wanted": 10, "ended": 10}
