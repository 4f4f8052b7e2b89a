"""What must hold in every history of the small model, and in every order of its reversals."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.ledger.model import Account

START = datetime(2026, 1, 1, tzinfo=UTC)

# Everything goes by tens, so that things meet often.
tens = st.integers(1, 4).map(lambda number: number * 10)
which = st.integers(0, 5)
steps = st.one_of(
    st.tuples(st.just("credit"), tens, st.sampled_from([None, None, 2, 6, 20]), st.integers(-6, 3)),
    st.tuples(st.just("credit"), tens, st.sampled_from([None, 2, 6, 20]), st.just(0)),
    st.tuples(st.just("spend"), tens),
    st.tuples(st.just("spend"), tens),
    st.tuples(st.just("reverse"), which, st.sampled_from([0, 0, 10])),
    st.tuples(st.just("come back"), which),
    st.tuples(st.just("again"), which, tens),
    st.tuples(st.just("wait"), st.sampled_from([1, 3, 8])),
)
reversals = st.one_of(
    st.tuples(st.just("reverse"), which, st.sampled_from([0, 0, 10])),
    st.tuples(st.just("come back"), which),
)


class History:
    """Plays steps and holds after each what must hold."""

    def __init__(self, may_go_negative: bool) -> None:
        self.account = Account(may_go_negative)
        self.at = START
        self.back: set[str] = set()

    def play(self, step: tuple[Any, ...]) -> None:
        account = self.account
        match step:
            case "credit", points, days, pending:
                begins = self.at + timedelta(days=max(pending, 0))
                ends = begins + timedelta(days=days) if days else None
                account.credit(self.key(), points, self.at, available_at=begins, ends_at=ends)
            case "again", number, points:
                if gone := [lot.key for lot in account.lots if lot.worth == 0]:
                    again_of = gone[number % len(gone)]
                    account.credit(self.key(), points, self.at, again_of=again_of)
            case "spend", points:
                if points <= account.spendable(self.at):
                    account.spend(f"reward {len(account.rewards)}", points, self.at)
            case "reverse", number, left:
                if account.lots:
                    self.reverse(account.lots[number % len(account.lots)].key, left)
            case "come back", number:
                if held := [key for key in account.rewards if key not in self.back]:
                    self.back.add(held[number % len(held)])
                    account.come_back(held[number % len(held)], self.at)
            case "wait", days:
                self.at += timedelta(days=days)
        self.hold()

    def key(self) -> str:
        return f"lot {len(self.account.lots)}"

    def reverse(self, key: str, left: int) -> None:
        account = self.account
        account.settle(self.at)
        before = deepcopy(account)
        account.reverse(key, self.at, left)
        wanted = before.worth(key) - account.worth(key)
        if wanted <= before.expired(key) + before.left(key):
            assert before.balance - account.balance == max(wanted - before.expired(key), 0)
            assert (before.owed, before.let_off) == (account.owed, account.let_off)
            if all(place == part.home for part, place in before.uses):
                others = [lot for lot in account.lots if lot.key != key]
                assert others == [lot for lot in before.lots if lot.key != key]

    def hold(self) -> None:
        account = self.account
        for place, lot in enumerate(account.lots):
            inside = sum(points for (_, at), points in account.uses.items() if at == place)
            assert lot.worth == lot.left + inside + lot.expired
            assert min(lot.left, lot.expired) >= 0
            assert not (lot.left and lot.expired and not lot.revived_at)
        left = sum(lot.left for lot in account.lots)
        eaten = sum(account.uses.values())
        expired = sum(lot.expired for lot in account.lots)
        bought = sum(lot.worth for lot in account.lots)
        assert account.balance == left - account.owed == sum(account.moves)
        assert left + eaten + expired == bought + account.let_off + account.owed
        assert account.balance <= bought - eaten + account.let_off
        assert not (account.owed and left)


every_history = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@every_history
@given(may_go_negative=st.booleans(), story=st.lists(steps, min_size=3, max_size=20))
def test_the_sums_hold_in_every_history(
    may_go_negative: bool, story: list[tuple[Any, ...]]
) -> None:
    history = History(may_go_negative)
    for step in story:
        history.play(step)


@every_history
@given(
    may_go_negative=st.booleans(),
    story=st.lists(steps, min_size=3, max_size=20),
    choices=st.lists(reversals, min_size=2, max_size=5),
)
def test_reversals_end_the_same_in_every_order(
    may_go_negative: bool, story: list[tuple[Any, ...]], choices: list[tuple[Any, ...]]
) -> None:
    """To the lot and to the use, in everything that is kept, as long as nothing expires."""
    history = History(may_go_negative)
    for step in story:
        history.play(step)
    history.account.settle(history.at)
    outcomes = []
    for acts in permutations(named(history, choices)):
        account = deepcopy(history.account)
        expired = {lot.key: lot.expired for lot in account.lots}
        for verb, key, left in acts:
            if verb == "reverse":
                account.reverse(key, history.at, left)
            else:
                account.come_back(key, history.at)
        if any(lot.expired > expired[lot.key] for lot in account.lots):
            return
        account.moves.clear()
        outcomes.append(account)
    assert all(outcome == outcomes[0] for outcome in outcomes)


def named(history: History, choices: list[tuple[Any, ...]]) -> list[tuple[str, str, int]]:
    """The chosen reversals by the keys they meet, each reward and each purchase once."""
    lots = [lot.key for lot in history.account.lots]
    held = [key for key in history.account.rewards if key not in history.back]
    acts: dict[str, tuple[str, str, int]] = {}
    for verb, number, *left in choices:
        keys = lots if verb == "reverse" else held
        if keys:
            key = keys[number % len(keys)]
            acts[key] = (verb, key, left[0] if left else 0)
    return list(acts.values())
