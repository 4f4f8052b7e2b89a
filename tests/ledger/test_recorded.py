"""The recorded histories, played again: what the two former writers left behind, entry by entry.

`histories.jsonl` was written before points had one writer. Where a rule was decided anew,
`histories_decided.jsonl` has what is right now, and why; decision 0014 has the reasons.
"""

from collections import Counter

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
AT_ONCE = 100


@pytest.mark.parametrize("first", range(0, COUNT, AT_ONCE))
def test_the_books_are_as_they_were_but_where_a_rule_was_decided(app: Flask, first: int) -> None:
    setting, other = a_setting(app), {told["seed"]: told for told in decided()}
    with inside(app, setting.shop):
        for told in recorded(first, first + AT_ONCE):
            right = other.get(told["seed"], told)
            again = played(setting, told)
            assert again == {"refused": right["refused"], "books": right["books"]}, told["seed"]


def test_each_difference_has_its_reason() -> None:
    kept = {told["seed"]: told for told in recorded(0, COUNT)}
    assert sorted(kept) == list(range(COUNT))
    assert all(history(seed)["events"] == told["events"] for seed, told in kept.items())
    reasons = Counter(told["why"] for told in decided())
    assert set(reasons) == set(DECIDED)
    assert all(kept[told["seed"]]["books"] != told["books"] for told in decided())
