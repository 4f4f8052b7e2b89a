"""What a condition can be about: its name, its comparisons, and what each means in SQL.

Every comparison is true or false for every customer, never unknown: "is not" holds exactly those
whom "is" leaves out. Facts in other tables are asked by correlated EXISTS over keys that begin
with the business, so each customer costs one look into an index.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, exists, extract, func, or_, select, true
from sqlalchemy.orm import aliased

from nxloy_web.customers.names import tag_word
from nxloy_web.earning.held import held_tier_id, holders_of, is_for_everybody
from nxloy_web.earning.programs import DEFAULT_PROGRAM_ID
from nxloy_web.ledger.reads import spendable_now
from nxloy_web.segments.values import (
    MONTHS,
    MOST_DAYS,
    Choice,
    Day,
    Money,
    Surroundings,
    Tag,
    Value,
    Whole,
)
from nxloy_web.tables.customers import Customer, CustomerNameWord, CustomerStatus
from nxloy_web.tables.loyalty import LoyaltyTier
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.segments import Field_, Operator

NO_TIER = "none"
Condition = ColumnElement[bool]


@dataclass(frozen=True)
class Moment:
    """When a rule is looked at; its days are the business's."""

    at: datetime
    zone: ZoneInfo

    def start_of(self, day: date) -> datetime:
        return datetime.combine(day, time.min, self.zone)


@dataclass(frozen=True)
class Comparison:
    label: str
    value: Value


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a customer."""

    label: str
    comparisons: Mapping[Operator, Comparison]
    sql: Callable[[Operator, str, Moment], Condition]
    hint: str = ""

    @property
    def first(self) -> Operator:
        return next(iter(self.comparisons))


def _statuses(around: Surroundings) -> dict[str, str]:
    return {status.value: status.value.capitalize() for status in CustomerStatus}


def _months(around: Surroundings) -> dict[str, str]:
    return {str(number): name for number, name in enumerate(MONTHS, 1)}


def _yes_no(around: Surroundings) -> dict[str, str]:
    return {"yes": "yes", "no": "no"}


def _tiers(around: Surroundings) -> dict[str, str]:
    return dict(around.tiers)


def _tiers_or_none(around: Surroundings) -> dict[str, str]:
    return {NO_TIER: "no tier"} | dict(around.tiers)


def _numbers(value: Value) -> dict[Operator, Comparison]:
    return {
        "at_least": Comparison("is at least", value),
        "at_most": Comparison("is at most", value),
        "is": Comparison("is exactly", value),
    }


def _compared(column: Any, operator: Operator, number: int) -> Condition:
    match operator:
        case "at_least":
            return column >= number
        case "at_most":
            return column <= number
        case _:
            return column == number


def _status(operator: Operator, value: str, moment: Moment) -> Condition:
    status = CustomerStatus(value)
    return Customer.status == status if operator == "is" else Customer.status != status


def _tag(operator: Operator, value: str, moment: Moment) -> Condition:
    has = exists().where(
        CustomerNameWord.business_id == Customer.business_id,
        CustomerNameWord.word == tag_word(value),
        CustomerNameWord.customer_id == Customer.id,
    )
    return has if operator == "is" else ~has


def _joined(operator: Operator, value: str, moment: Moment) -> Condition:
    return _since(Customer.created_at, operator, value, moment)


def _last_purchase(operator: Operator, value: str, moment: Moment) -> Condition:
    bought = Customer.last_purchase_at.is_not(None)
    happened = and_(bought, _since(Customer.last_purchase_at, operator, value, moment))
    # Who never bought has not bought within N days either.
    return or_(~bought, happened) if operator == "not_within_days" else happened


def _since(column: Any, operator: Operator, value: str, moment: Moment) -> Condition:
    match operator:
        case "within_days":
            return column >= moment.at - timedelta(days=int(value))
        case "not_within_days":
            return column < moment.at - timedelta(days=int(value))
        case "before":
            return column < moment.start_of(date.fromisoformat(value))
        case _:
            return column >= moment.start_of(date.fromisoformat(value))


def _birthday_month(operator: Operator, value: str, moment: Moment) -> Condition:
    is_in = and_(
        Customer.date_of_birth.is_not(None),
        extract("month", Customer.date_of_birth) == int(value),
    )
    return is_in if operator == "is" else ~is_in


def _flag(column: Any) -> Callable[[Operator, str, Moment], Condition]:
    def sql(operator: Operator, value: str, moment: Moment) -> Condition:
        return column.is_(value == "yes")

    return sql


def _number(column: Any) -> Callable[[Operator, str, Moment], Condition]:
    def sql(operator: Operator, value: str, moment: Moment) -> Condition:
        return _compared(column, operator, int(value))

    return sql


def _points(operator: Operator, value: str, moment: Moment) -> Condition:
    wanted = int(value)
    if wanted == 0 and operator == "at_least":
        return true()
    if wanted > 0 and operator != "at_most":
        return _balance(_compared(spendable_now(moment.at), operator, wanted))
    # Who has no balance yet has 0 points.
    return ~_balance(spendable_now(moment.at) > wanted)


def _balance(condition: Condition) -> Condition:
    return (
        exists()
        .where(
            CustomerBalance.business_id == Customer.business_id,
            CustomerBalance.customer_id == Customer.id,
            CustomerBalance.program_id == DEFAULT_PROGRAM_ID,
            condition,
        )
        .correlate(Customer)
    )


def _tier(operator: Operator, value: str, moment: Moment) -> Condition:
    mine = and_(
        CustomerBalance.business_id == Customer.business_id,
        CustomerBalance.customer_id == Customer.id,
    )
    if operator == "at_least":
        held, named = aliased(LoyaltyTier), aliased(LoyaltyTier)
        holds = (
            exists()
            .where(
                mine,
                held.business_id == CustomerBalance.business_id,
                held.id == held_tier_id(moment.at),
                named.business_id == held.business_id,
                named.id == value,
                held.program_id == named.program_id,
                held.required_points >= named.required_points,
            )
            .correlate(Customer)
        )
        return or_(holds, is_for_everybody(value))
    if value == NO_TIER:
        holds = exists().where(mine, held_tier_id(moment.at).is_not(None)).correlate(Customer)
        has_tier = or_(holds, is_for_everybody())
        return ~has_tier if operator == "is" else has_tier
    has_it = Customer.id.in_(holders_of(value, moment.at))
    return has_it if operator == "is" else ~has_it


def _redemptions(operator: Operator, value: str, moment: Moment) -> Condition:
    collected = (
        select(func.count())
        .select_from(RewardRedemption)
        .where(
            RewardRedemption.business_id == Customer.business_id,
            RewardRedemption.customer_id == Customer.id,
            RewardRedemption.status == RedemptionStatus.FULFILLED,
        )
        .correlate(Customer)
        .scalar_subquery()
    )
    return _compared(collected, operator, int(value))


def _referred(operator: Operator, value: str, moment: Moment) -> Condition:
    return Customer.referred_by.is_not(None) if value == "yes" else Customer.referred_by.is_(None)


_DAYS = Whole("days", least=1, most=MOST_DAYS)
_YES_NO = Choice(_yes_no)

FACTS: dict[Field_, Fact] = {
    "purchase_count": Fact(
        "Number of purchases", _numbers(Whole("purchases")), _number(Customer.purchase_count)
    ),
    "spent": Fact("Amount spent", _numbers(Money()), _number(Customer.spent_minor)),
    "last_purchase": Fact(
        "Last purchase",
        {
            "within_days": Comparison("is within the last", _DAYS),
            "not_within_days": Comparison("is not within the last", _DAYS),
            "before": Comparison("was before", Day()),
            "after": Comparison("was on or after", Day()),
        },
        _last_purchase,
        hint="“Is not within” counts those who never bought.",
    ),
    "points": Fact(
        "Points",
        _numbers(Whole("points")),
        _points,
        hint="Points that can be spent now in your oldest active program.",
    ),
    "tier": Fact(
        "Tier",
        {
            "is": Comparison("is", Choice(_tiers_or_none, "a deleted tier")),
            "is_not": Comparison("is not", Choice(_tiers_or_none, "a deleted tier")),
            "at_least": Comparison("is at least", Choice(_tiers, "a deleted tier")),
        },
        _tier,
    ),
    "redemptions": Fact("Rewards collected", _numbers(Whole("rewards")), _redemptions),
    "tag": Fact(
        "Tag", {"is": Comparison("is", Tag()), "is_not": Comparison("is not", Tag())}, _tag
    ),
    "joined": Fact(
        "Joined",
        {
            "within_days": Comparison("within the last", _DAYS),
            "not_within_days": Comparison("more than this long ago:", _DAYS),
            "before": Comparison("before", Day()),
            "after": Comparison("on or after", Day()),
        },
        _joined,
    ),
    "birthday_month": Fact(
        "Birthday",
        {
            "is": Comparison("is in", Choice(_months)),
            "is_not": Comparison("is not in", Choice(_months)),
        },
        _birthday_month,
        hint="“Is not in” counts those whose birthday is unknown.",
    ),
    "status": Fact(
        "Status",
        {
            "is": Comparison("is", Choice(_statuses)),
            "is_not": Comparison("is not", Choice(_statuses)),
        },
        _status,
    ),
    "email_opt_in": Fact(
        "Offers by e-mail", {"is": Comparison("wanted:", _YES_NO)}, _flag(Customer.email_opt_in)
    ),
    "sms_opt_in": Fact(
        "Offers by text message",
        {"is": Comparison("wanted:", _YES_NO)},
        _flag(Customer.sms_opt_in),
    ),
    "referred": Fact("Referred by another customer", {"is": Comparison("is", _YES_NO)}, _referred),
}
