"""The arithmetic of earning, and whether a person can read it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nxloy_web.earning.points import best_of, earn
from nxloy_web.tables.loyalty import EarningRule, EarningTerms


def rule(name: str = "One point a euro", **terms: Any) -> EarningRule:
    facts = {"points": 1, "per_minor": 100} | terms
    return EarningRule(rule_id=name, version=3, name=name, terms=EarningTerms(**facts))


def test_only_whole_units_earn() -> None:
    earned = earn(1299, "EUR", rule=rule())
    assert earned.points == 12
    assert earned.why.steps == ["12.99 EUR / 1.00 EUR = 12"]
    assert (earned.why.rule, earned.why.rule_version) == ("One point a euro", 3)


def test_the_tier_multiplies_and_rounds_down() -> None:
    earned = earn(1399, "EUR", rule=rule(), multiplier=Decimal("1.50"), tier_name="Gold")
    assert earned.points == 19
    assert earned.why.steps == ["13.99 EUR / 1.00 EUR = 13", "× 1.5 (Gold) = 19"]


def test_points_a_unit_come_before_the_tier() -> None:
    earned = earn(500, "EUR", rule=rule(points=3), multiplier=Decimal("1.1"), tier_name="Silver")
    assert earned.why.steps == [
        "5.00 EUR / 1.00 EUR = 5",
        "× 3 points = 15",
        "× 1.1 (Silver) = 16",
    ]


def test_below_the_minimum_nothing_is_earned_and_the_reason_says_so() -> None:
    below = earn(499, "EUR", rule=rule(minimum_minor=500))
    assert (below.points, below.why.steps) == (0, ["4.99 EUR is below the minimum of 5.00 EUR: 0"])
    assert earn(500, "EUR", rule=rule(minimum_minor=500)).points == 5


def test_the_cap_cuts_off_after_the_tier() -> None:
    earned = earn(10_000, "EUR", rule=rule(most_points=120), multiplier=Decimal("1.5"))
    assert earned.points == 120
    assert earned.why.steps[-1] == "at most 120 for one purchase = 120"


def test_a_cap_that_cuts_nothing_off_is_not_mentioned() -> None:
    earned = earn(12_000, "EUR", rule=rule(most_points=120))
    assert earned.why.steps == ["120.00 EUR / 1.00 EUR = 120"]


@pytest.mark.parametrize(
    ("currency", "amount", "per", "step"),
    [
        ("JPY", 1250, 100, "1250 JPY / 100 JPY = 12"),
        ("KWD", 1250, 100, "1.250 KWD / 0.100 KWD = 12"),
    ],
)
def test_every_currency_has_its_own_minor_units(
    currency: str, amount: int, per: int, step: str
) -> None:
    assert earn(amount, currency, rule=rule(per_minor=per)).why.steps == [step]


def test_the_rule_that_gives_most_counts_and_of_equals_the_oldest() -> None:
    older, newer, best = rule("Older"), rule("Newer"), rule("Best", points=2)
    assert best_of(1000, "EUR", rules=[older, newer, best]).why.rule == "Best"
    assert best_of(1000, "EUR", rules=[older, newer]).why.rule == "Older"
    assert best_of(50, "EUR", rules=[older, best]).why.steps == ["0.50 EUR / 1.00 EUR = 0"]


def test_without_a_rule_the_reason_says_so() -> None:
    assert best_of(1000, "EUR", rules=[]).why.steps == ["No earning rule is running: 0"]


@given(
    amount=st.integers(0, 10**9),
    per=st.integers(1, 10**5),
    points=st.integers(1, 100),
    hundredths=st.integers(1, 999),
)
def test_never_more_than_the_exact_product_and_less_than_a_point_under_it(
    amount: int, per: int, points: int, hundredths: int
) -> None:
    multiplier = Decimal(hundredths) / 100
    earned = earn(
        amount, "EUR", rule=rule(points=points, per_minor=per), multiplier=multiplier
    ).points
    exact = (amount // per) * points * multiplier
    assert 0 <= exact - earned < 1
    more = earn(amount + 1, "EUR", rule=rule(points=points, per_minor=per), multiplier=multiplier)
    assert more.points >= earned
