"""What a purchase earns: the one earning engine, pure and in whole numbers.

The order of the arithmetic, which the reasons show step by step:
1. below the minimum: nothing;
2. `points` for every whole `per_minor` of the amount, the rest of the amount earns nothing;
3. times the multiplier of the tier, rounded down to whole points;
4. cut off at the most a purchase gives.

When several rules run, the one that gives the most points counts; of equals, the oldest. Rules
never add up.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from nxloy_web.money import coded_amount
from nxloy_web.tables.loyalty import EarningTerms
from nxloy_web.tables.points import Why

ONE = Decimal(1)


class Rule(Protocol):
    """A version of an earning rule: as it is kept, or as it was read with the set-up."""

    @property
    def rule_id(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def terms(self) -> EarningTerms: ...


@dataclass(frozen=True)
class Earned:
    """Points, and how they came about."""

    points: int
    why: Why


def earn(
    amount_minor: int,
    currency: str,
    *,
    rule: Rule,
    multiplier: Decimal = ONE,
    tier_name: str | None = None,
) -> Earned:
    """The points of one rule for one purchase."""
    terms = rule.terms
    amount, unit = coded_amount(amount_minor, currency), coded_amount(terms.per_minor, currency)
    steps: list[str] = []
    if amount_minor < terms.minimum_minor:
        points = 0
        minimum = coded_amount(terms.minimum_minor, currency)
        steps.append(f"{amount} is below the minimum of {minimum}: 0")
    else:
        units = amount_minor // terms.per_minor
        points = units
        steps.append(f"{amount} / {unit} = {units:,}")
        if terms.points != 1:
            points *= terms.points
            steps.append(f"× {terms.points:,} points = {points:,}")
        if multiplier != ONE:
            # Hundredths, as the column has them: no fraction is ever held in between.
            points = points * int(multiplier * 100) // 100
            name = f" ({tier_name})" if tier_name else ""
            steps.append(f"× {multiplier.normalize():f}{name} = {points:,}")
        if terms.most_points is not None and points > terms.most_points:
            points = terms.most_points
            steps.append(f"at most {points:,} for one purchase = {points:,}")
    why = Why(
        rule=rule.name,
        rule_version=rule.version,
        inputs={
            "amount_minor": amount_minor,
            "currency": currency,
            "rule_id": rule.rule_id,
            "multiplier": f"{multiplier.normalize():f}",
            "tier": tier_name,
        }
        | terms.model_dump(),
        steps=steps,
    )
    return Earned(points, why)


def best_of(
    amount_minor: int,
    currency: str,
    *,
    rules: Iterable[Rule],
    multiplier: Decimal = ONE,
    tier_name: str | None = None,
) -> Earned:
    """What the rule that gives most gives. `rules` come oldest first."""
    best: Earned | None = None
    for rule in rules:
        earned = earn(amount_minor, currency, rule=rule, multiplier=multiplier, tier_name=tier_name)
        if best is None or earned.points > best.points:
            best = earned
    return best or Earned(0, Why(steps=["No earning rule is running: 0"]))
