"""Hundreds of made-up histories: whatever happens in whatever order, the ledger says what the
model says, to the lot and to the use, and its books are right."""

from collections.abc import Callable
from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxloy_web.db import db
from nxloy_web.ledger import check, known
from tests.factories import Shop, inside, make_shop
from tests.ledger.books import Kept
from tests.ledger.histories import (
    Played,
    Pure,
    Step,
    a_customer,
    histories,
    reversals,
    seen_of,
)

Test = Callable[..., None]


class Read(Kept):
    """The ledger in the database, looked at whole."""

    def seen(self, at: Any) -> dict[str, Any]:
        self.settle(at)
        account = self.books(at).account(self.customer_id)
        known.everything([account])
        return seen_of(account, {lot.id: lot.source_id for lot in account.lots.values()})


@pytest.fixture(scope="module")
def shop(app: Flask) -> Shop:
    return make_shop(app)


def of_many(histories_played: int) -> Callable[[Test], Test]:
    """The property over this many made-up histories."""
    return settings(
        max_examples=histories_played,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )


SEATED: list[Step] = [
    *[("credit", 10, None, 0), ("spend", 10), ("credit", 10, None, 0), ("reverse", 0)],
    *[("credit", 10, None, 0), ("spend", 10), ("reverse", 1)],
]
"""The first reward sits away from home, and the second one is let off."""
RARE: list[list[Step]] = [
    # What a reward leaves in a lot ends with it.
    [("credit", 20, 2, 0), ("spend", 10), ("wait", 3)],
    # A line comes again and pays what its forerunner left unpaid, wholly or in part.
    [("credit", 20, None, 0), ("spend", 20), ("reverse", 0), ("again", 0, 30)],
    [("credit", 20, None, 0), ("spend", 20), ("reverse", 0), ("again", 0, 10)],
    # The third of a line names the first: it pays what the second left unpaid all the same.
    [
        ("credit", 10, None, 0),
        ("reverse", 0),
        ("again", 0, 10),
        ("spend", 10),
        ("reverse", 0),
        ("again", 0, 10),
    ],
    # It goes on paying when a reward makes room in it.
    [
        *[("credit", 20, None, 0), ("spend", 10), ("spend", 10), ("reverse", 0)],
        *[("again", 0, 10), ("come back", 0)],
    ],
    # A purchase does not pay what was let off before it, when others come back either.
    [
        *[("credit", 10, None, 0), ("spend", 10), ("reverse", 0)],
        *[("credit", 20, None, 0), ("credit", 10, None, 0), ("reverse", 1)],
    ],
    [
        *[("credit", 10, None, 0), ("spend", 10), ("reverse", 0)],
        *[("credit", 20, None, 0), ("spend", 10), ("come back", 1)],
    ],
    # Points that are good now pay before those that are still to come, whatever ends first.
    [
        *[("credit", 10, None, 0), ("spend", 10)],
        *[("credit", 10, 2, 3), ("credit", 10, None, 0), ("reverse", 0)],
    ],
    # What sits away from home goes back to its seat, once, when what came later goes.
    [*SEATED, ("credit", 10, None, 0), ("reverse", 1)],
    # It keeps its seat though what came later ends first.
    [*SEATED, ("credit", 10, 6, 0), ("credit", 10, None, 0), ("reverse", 2)],
    # When the seat goes it moves on, also to what came later: it was never let off.
    [*SEATED, ("credit", 10, None, 0), ("reverse", 0)],
    # Its seat is forgotten when something comes and nothing is let off any more.
    [
        *[*SEATED, ("credit", 10, None, 0), ("come back", 1)],
        *[("credit", 10, 6, 0), ("reverse", 1)],
    ],
    # One reward sits on a seat and at home, and loses its home.
    [
        *[("credit", 10, None, 0), ("credit", 10, None, 0), ("spend", 20)],
        *[("credit", 10, None, 0), ("reverse", 0)],
        *[("credit", 10, None, 0), ("spend", 10), ("reverse", 2)],
        *[("credit", 10, None, 0), ("reverse", 0)],
    ],
]
"""What chance seldom plays: each is a mutant that lived."""


def moves_like_the_model(may_go_negative: bool, history: list[Step]) -> None:
    played = Played(Pure(may_go_negative), may_go_negative)
    for step in history:
        played.play(step)
        played.is_alike()


@pytest.mark.parametrize("may_go_negative", [False, True])
@pytest.mark.parametrize("history", RARE)
def test_the_moves_of_rare_histories_are_too(may_go_negative: bool, history: list[Step]) -> None:
    moves_like_the_model(may_go_negative, history)


@of_many(500)
@given(may_go_negative=st.booleans(), history=histories)
def test_the_moves_are_those_of_the_model(may_go_negative: bool, history: list[Step]) -> None:
    moves_like_the_model(may_go_negative, history)


@of_many(300)
@given(
    may_go_negative=st.booleans(),
    history=histories,
    chosen=st.lists(reversals, min_size=2, max_size=4),
)
def test_with_time_standing_still_reversals_end_the_same_in_every_order(
    may_go_negative: bool, history: list[Step], chosen: list[Step]
) -> None:
    """P1: 21 % of histories ended differently by the order of their reversals."""
    played = Played(Pure(may_go_negative), may_go_negative)
    for step in history:
        played.play(step)
    acts = list({key: (verb, key) for verb, key in map(played.named, chosen) if key}.values())
    outcomes = []
    for order in permutations(acts):
        other = deepcopy(played)
        expired = other.ledger.account.standing, _expired(other)
        for verb, key in order:
            other.reverse(verb, key)
        if _expired(other) != expired[1] and any(_grew(expired[1], _expired(other))):
            return  # what ends between two reversals tells which came first
        outcomes.append(other.ledger.seen(other.at))
    assert all(outcome == outcomes[0] for outcome in outcomes)


def _expired(played: Played) -> dict[str, int]:
    return {lot.key: lot.expired for lot in played.model.lots}


def _grew(before: dict[str, int], after: dict[str, int]) -> list[bool]:
    return [after[key] > before[key] for key in before]


def play_out(app: Flask, shop: Shop, history: list[Step]) -> None:
    """On the database, in a transaction that is thrown away."""
    with inside(app, shop):
        played = Played(Read(*a_customer(shop)), may_go_negative=False)
        for step in history:
            played.play(step)
        played.is_alike()
        assert list(check.answers()) == []
        db.session.rollback()


@pytest.mark.parametrize("history", RARE)
def test_the_books_of_rare_histories_are_too(app: Flask, shop: Shop, history: list[Step]) -> None:
    play_out(app, shop, history)


@of_many(120)
@given(history=histories)
def test_the_books_are_those_of_the_model(app: Flask, shop: Shop, history: list[Step]) -> None:
    play_out(app, shop, history)


@pytest.mark.soak
@of_many(5_000)
@given(history=histories)
def test_the_books_of_thousands_are(app: Flask, shop: Shop, history: list[Step]) -> None:
    play_out(app, shop, history)


@pytest.mark.soak
@of_many(20_000)
@given(may_go_negative=st.booleans(), history=histories)
def test_the_moves_of_thousands_are(may_go_negative: bool, history: list[Step]) -> None:
    moves_like_the_model(may_go_negative, history)
