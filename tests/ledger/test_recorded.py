"""The recorded histories, played again: what the two former writers left behind, entry by entry.

`histories.jsonl` was written before points had one writer. Where a rule was decided anew,
`histories_decided.jsonl` has what is right now, and why; decision 0014 has the reasons.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from flask import Flask

from tests.factories import inside
from tests.ledger.recorded import COUNT, a_setting, decided, history, played, recorded

DECIDED = {
    "expired first": "a return takes first what has expired of its points (P2)",
    "let off": "what nobody has paid does not come back, and pays for itself (P1)",
    "moved": "what was eaten of a purchase that comes back moves to other lots (P1)",
    "no empty balance": "an import taken back makes no balance for who has none",
    "owed": "a debt is paid by lots, which keep their ends (P1a)",
}
ONE_IN = 5
"""Of those where nothing was decided, so many are played in `make test`; `make soak` plays all."""


@pytest.mark.parametrize(
    "is_played",
    [
        pytest.param(lambda seed: seed % ONE_IN == 0, id="one in five"),
        pytest.param(lambda seed: seed % ONE_IN != 0, id="the others", marks=pytest.mark.soak),
    ],
)
def test_the_books_are_as_they_were(app: Flask, is_played: Callable[[int], bool]) -> None:
    other = {told["seed"] for told in decided()}
    play_again(app, [told for told in recorded(0, COUNT)
                     if told["seed"] not in other and is_played(told["seed"])])  # fmt: skip


def test_but_where_a_rule_was_decided(app: Flask) -> None:
    play_again(app, decided())


def play_again(app: Flask, histories: Iterable[dict[str, Any]]) -> None:
    setting, events = a_setting(app), {told["seed"]: told for told in recorded(0, COUNT)}
    with inside(app, setting.shop):
        for right in histories:
            again = played(setting, events[right["seed"]])
            assert again == {"refused": right["refused"], "books": right["books"]}, right["seed"]


def test_each_difference_has_its_reason() -> None:
    kept = {told["seed"]: told for told in recorded(0, COUNT)}
    assert sorted(kept) == list(range(COUNT))
    assert all(history(seed)["events"] == told["events"] for seed, told in kept.items())
    reasons = Counter(told["why"] for told in decided())
    assert set(reasons) == set(DECIDED)
    assert all(kept[told["seed"]]["books"] != told["books"] for told in decided())
