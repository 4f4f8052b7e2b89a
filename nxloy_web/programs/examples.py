"""What a rule gives, worked out by the engine that also gives it at the counter."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from nxloy_web.earning.points import earn
from nxloy_web.tables.loyalty import EarningRule, EarningTerms, LoyaltyProgram, LoyaltyTier

ONE = Decimal("1")
TYPICAL = Decimal("12.5")
"""The example purchase, in multiples of the amount a rule asks for."""


@dataclass(frozen=True)
class Example:
    """One purchase, what it gives, and the arithmetic as people read it."""

    amount_minor: int
    tier: str | None
    points: int
    steps: list[str]


def of_rule(
    rule: EarningRule, program: LoyaltyProgram, tiers: Sequence[LoyaltyTier]
) -> list[Example]:
    """A middling purchase for everybody, and for each tier that multiplies."""
    amount = typical_amount(rule.terms)
    lifting = [tier for tier in tiers if tier.multiplier != ONE]
    return [of(amount, rule, program), *(of(amount, rule, program, tier) for tier in lifting)]


def typical_amount(terms: EarningTerms) -> int:
    return max(int(terms.per_minor * TYPICAL), terms.minimum_minor)


def of(
    amount_minor: int, rule: EarningRule, program: LoyaltyProgram, tier: LoyaltyTier | None = None
) -> Example:
    earned = earn(
        amount_minor,
        program.currency,
        rule=rule,
        multiplier=ONE if tier is None else tier.multiplier,
        tier_name=None if tier is None else tier.name,
    )
    return Example(
        amount_minor, None if tier is None else tier.name, earned.points, earned.why.steps
    )


def not_yet_saved(program: LoyaltyProgram, terms: EarningTerms) -> EarningRule:
    """A rule to try out: never added to the session."""
    return EarningRule(program_id=program.id, rule_id="", version=1, name="This rule", terms=terms)
