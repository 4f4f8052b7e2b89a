"""Who holds which tier: up as soon as the points are there, down only by a return."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from nxloy_web.earning.tiers import Ladder, Tier
from nxloy_web.ledger.account import Standing
from tests.factories import NOON

BEFORE = NOON - timedelta(days=30)


def tier(name: str, required_points: int, *, is_deleted: bool = False) -> Tier:
    return Tier(name, name, required_points, Decimal(1), is_deleted)


SILVER, GOLD = tier("Silver", 100), tier("Gold", 500)
OLD = tier("Old", 50, is_deleted=True)
LADDER = Ladder([SILVER, OLD, GOLD])


def standing(points: int, held: Tier | None = None, needs: int | None = None) -> Standing:
    """Who came into a tier did so thirty days ago."""
    return Standing(
        "balance",
        "customer",
        "program",
        lifetime_points=points,
        tier_id=held and held.id,
        tier_since_at=held and BEFORE,
        tier_needs=needs,
    )


def tier_of(who: Standing) -> tuple[str | None, datetime | None, int | None]:
    return who.tier_id, who.tier_since_at, who.tier_needs


@pytest.mark.parametrize(
    ("points", "held", "counts"),
    [
        (99, None, None),
        (100, None, SILVER),
        (499, None, SILVER),
        (500, None, GOLD),
        # What is held counts, whatever the points say: deleted tiers too.
        (0, GOLD, GOLD),
        (500, SILVER, SILVER),
        (500, OLD, OLD),
        # A tier of which nothing is known is none.
        (100, tier("Of another program", 1), SILVER),
    ],
)
def test_the_tier_that_counts(points: int, held: Tier | None, counts: Tier | None) -> None:
    assert LADDER.held_by(standing(points, held), NOON) is counts


@pytest.mark.parametrize(
    ("points", "by_hand", "until", "counts"),
    [
        (0, GOLD, NOON + timedelta(microseconds=1), GOLD),
        (100, GOLD, NOON + timedelta(days=1), GOLD),
        (100, GOLD, NOON, SILVER),
        # A gift never holds anybody down.
        (500, SILVER, NOON + timedelta(days=1), GOLD),
        (100, OLD, NOON + timedelta(days=1), SILVER),
    ],
)
def test_a_tier_by_hand_counts_until_its_end_where_it_is_the_higher_one(
    points: int, by_hand: Tier, until: datetime, counts: Tier
) -> None:
    """D1."""
    who = standing(points)
    who.hand_tier_id, who.hand_tier_until = by_hand.id, until
    assert LADDER.held_by(who, NOON) is counts


def test_a_tier_that_is_deleted_asks_for_nothing() -> None:
    assert LADDER.threshold(standing(99), NOON) is None
    assert LADDER.threshold(standing(500), NOON) == 500
    assert LADDER.threshold(standing(500, OLD), NOON) is None
    assert LADDER.threshold(standing(500, SILVER), NOON) == 100


@pytest.mark.parametrize(
    ("points", "held", "reached"),
    [
        (99, None, None),
        (100, None, SILVER),
        (500, None, GOLD),
        (500, SILVER, GOLD),
        (100, OLD, SILVER),
    ],
)
def test_up_as_soon_as_the_points_are_there(
    points: int, held: Tier | None, reached: Tier | None
) -> None:
    who = standing(points, held)
    LADDER.reach(who, NOON)
    now = (reached.id, NOON, reached.required_points) if reached else (None, None, None)
    assert tier_of(who) == now


@pytest.mark.parametrize(
    ("points", "held"), [(0, GOLD), (100, GOLD), (499, SILVER), (100, SILVER), (99, OLD)]
)
def test_never_down_by_a_gain(points: int, held: Tier) -> None:
    who = standing(points, held, needs=7)
    LADDER.reach(who, NOON)
    assert tier_of(who) == (held.id, BEFORE, 7)


def test_not_from_a_tier_to_its_equal() -> None:
    one, other = tier("One", 100), tier("Other", 100)
    for held in (one, other):
        who = standing(100, held, needs=100)
        Ladder([one, other]).reach(who, NOON)
        assert tier_of(who) == (held.id, BEFORE, 100)


@pytest.mark.parametrize(
    ("points", "held", "needs", "now"),
    [
        # Below what the tier asked for when it was reached.
        (499, GOLD, 500, SILVER),
        (99, GOLD, 500, None),
        (99, OLD, 100, None),
        # Below what it asks for today, where nobody wrote down what it asked for.
        (499, GOLD, None, SILVER),
    ],
)
def test_a_return_takes_a_tier_away(
    points: int, held: Tier, needs: int | None, now: Tier | None
) -> None:
    who = standing(points, held, needs)
    LADDER.fall_back(who, NOON)
    assert tier_of(who) == (now and now.id, NOON, now and now.required_points)


@pytest.mark.parametrize(
    ("points", "held", "needs"),
    [
        (500, GOLD, 500),
        # The tier asks for more today, and for less when it was reached.
        (300, GOLD, 300),
        (500, GOLD, None),
    ],
)
def test_a_return_above_the_threshold_takes_nothing(points: int, held: Tier, needs: int) -> None:
    who = standing(points, held, needs)
    LADDER.fall_back(who, NOON)
    assert tier_of(who) == (held.id, BEFORE, needs)


def test_a_return_gives_no_tier() -> None:
    who = standing(500)
    LADDER.fall_back(who, NOON)
    assert tier_of(who) == (None, None, None)
