"""Rules in SQL against the same rules in plain Python, over a few dozen customers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from nxloy_web.customers.names import tag_word
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.segments import queries
from nxloy_web.segments.catalog import FACTS, NO_TIER, Moment
from nxloy_web.segments.compiler import compile_rules
from nxloy_web.tables.customers import Customer, CustomerNameWord, CustomerStatus
from nxloy_web.tables.points import CustomerBalance
from nxloy_web.tables.redemptions import RedemptionStatus, RewardRedemption
from nxloy_web.tables.segments import Condition, Field_, Group, SegmentRules
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop, make_tier
from tests.ledger.books import Kept

BERLIN = ZoneInfo("Europe/Berlin")
AT = NOON
TIERS = ("Silver", "Gold")


@dataclass(frozen=True)
class Person:
    """What plain Python knows of a customer."""

    id: str
    status: str
    tags: tuple[str, ...]
    joined: datetime
    birthday: date | None
    email_opt_in: bool
    sms_opt_in: bool
    purchases: int
    spent: int
    last: datetime | None
    points: int
    tier: str | None
    collected: int
    referred: bool


@dataclass(frozen=True)
class World:
    shop: Shop
    people: tuple[Person, ...]
    tiers: dict[str, str]
    """Id by name."""


@pytest.fixture(scope="module")
def world(app: Flask) -> World:
    shop = make_shop(app)
    tiers = {
        name: make_tier(app, shop, name, need) for name, need in zip(TIERS, (100, 500), strict=True)
    }
    reward_id = make_reward(app, shop)
    people: list[Person] = []
    for n in range(36):
        people.append(_person(app, shop, n, people, tiers, reward_id))
    make_customer(app, shop, "Gone", deleted_at=AT, spent_minor=99_999, purchase_count=99)
    make_customer(app, make_shop(app), "Elsewhere", spent_minor=99_999, purchase_count=99)
    return World(shop, tuple(people), tiers)


def _person(
    app: Flask, shop: Shop, n: int, others: list[Person], tiers: dict[str, str], reward_id: str
) -> Person:
    """Customers who differ in everything, some of them exactly on a border."""
    status = list(CustomerStatus)[n % 4]
    tags = tuple(tag for tag, every in (("VIP", 3), ("Café crème", 5)) if n % every == 0)
    joined = AT - timedelta(days=10 * n, hours=n % 24)
    if n == 9:
        joined = datetime(2026, 3, 1, tzinfo=BERLIN)
    last = None if n % 4 == 0 else AT - timedelta(days=7 * n)
    birthday = None if n % 3 == 1 else date(1970 + n, n % 12 + 1, 28)
    facts = {
        "status": status,
        "tags": list(tags),
        "created_at": joined,
        "date_of_birth": birthday,
        "email_opt_in": n % 2 == 0,
        "sms_opt_in": n % 7 == 0,
        "purchase_count": n % 6,
        "spent_minor": n * 500,
        "last_purchase_at": last,
        "referred_by": others[n - 2].id if n % 5 == 4 else None,
    }
    customer_id = make_customer(app, shop, f"Person {n}", **facts)
    points = 0 if n % 3 == 0 else n * 10
    tier = (None, *TIERS)[n % 3]
    with inside(app, shop):
        words = [
            {"business_id": shop.business_id, "word": tag_word(tag), "customer_id": customer_id}
            for tag in tags
        ]
        if words:
            db.session.execute(insert(CustomerNameWord), words)
        if points:
            ledger.adjust(
                customer_id, shop.program_id, points, id=new_id(), reason="A start",
                by=shop.actor(), at=AT - timedelta(days=1),
            )  # fmt: skip
        if tier:
            balance = db.session.scalar(
                select(CustomerBalance).where(CustomerBalance.customer_id == customer_id)
            )
            if balance is None:
                balance = CustomerBalance(customer_id=customer_id, program_id=shop.program_id)
                db.session.add(balance)
            balance.tier_id = tiers[tier]
        for number in range(n % 4):
            done = number < n % 3
            db.session.add(
                RewardRedemption(
                    customer_id=customer_id,
                    reward_id=reward_id,
                    status=RedemptionStatus.FULFILLED if done else RedemptionStatus.CANCELLED,
                    points_cost=100,
                    code=f"C{n}-{number}",
                    requested_at=AT,
                    expires_at=AT + timedelta(days=1),
                )
            )
        db.session.commit()
    return Person(
        customer_id, status.value, tags, joined, birthday, n % 2 == 0, n % 7 == 0, n % 6, n * 500,
        last, points, tier, min(n % 4, n % 3), n % 5 == 4,
    )  # fmt: skip


def _compared(have: int, operator: str, value: str) -> bool:
    want = int(value)
    return {"at_least": have >= want, "at_most": have <= want, "is": have == want}[operator]


def _since(then: datetime | None, operator: str, value: str) -> bool:
    if operator in ("within_days", "not_within_days"):
        is_within = then is not None and then >= AT - timedelta(days=int(value))
        return is_within if operator == "within_days" else not is_within
    if then is None:
        return False
    is_before = then.astimezone(BERLIN).date() < date.fromisoformat(value)
    return is_before if operator == "before" else not is_before


def _tier(world: World, person: Person, operator: str, value: str) -> bool:
    if operator == "at_least":
        wanted = next((name for name, row in world.tiers.items() if row == value), None)
        return bool(wanted and person.tier and TIERS.index(person.tier) >= TIERS.index(wanted))
    has = person.tier is None if value == NO_TIER else world.tiers.get(person.tier or "") == value
    return has if operator == "is" else not has


def fits(world: World, person: Person, condition: Condition) -> bool:
    operator, value = condition.operator, condition.value
    match condition.field:
        case "status":
            return (person.status == value) is (operator == "is")
        case "tag":
            has = tag_word(value) in {tag_word(tag) for tag in person.tags}
            return has is (operator == "is")
        case "joined":
            return _since(person.joined, operator, value)
        case "last_purchase":
            return _since(person.last, operator, value)
        case "birthday_month":
            is_in = person.birthday is not None and person.birthday.month == int(value)
            return is_in is (operator == "is")
        case "email_opt_in":
            return person.email_opt_in is (value == "yes")
        case "sms_opt_in":
            return person.sms_opt_in is (value == "yes")
        case "purchase_count":
            return _compared(person.purchases, operator, value)
        case "spent":
            return _compared(person.spent, operator, value)
        case "points":
            return _compared(person.points, operator, value)
        case "tier":
            return _tier(world, person, operator, value)
        case "redemptions":
            return _compared(person.collected, operator, value)
        case "referred":
            return person.referred is (value == "yes")


def holds(world: World, person: Person, item: Condition | Group) -> bool | None:
    """None: a group without conditions says nothing."""
    if isinstance(item, Condition):
        return fits(world, person, item)
    parts = [part for one in item.items if (part := holds(world, person, one)) is not None]
    if not parts:
        return None
    return all(parts) if item.match == "all" else any(parts)


def in_sql(app: Flask, world: World, rules: SegmentRules, at: datetime = AT) -> set[str]:
    with inside(app, world.shop):
        condition = compile_rules(rules, Moment(at, BERLIN))
        return set(db.session.scalars(select(Customer.id).where(condition)))


def in_python(world: World, rules: SegmentRules) -> set[str]:
    return {person.id for person in world.people if holds(world, person, rules) is not False}


def some_values(world: World, field: str, operator: str) -> st.SearchStrategy[str]:
    comparison = FACTS[field].comparisons[operator]  # type: ignore[index]
    if field == "tier":
        return st.sampled_from([NO_TIER, new_id(), *world.tiers.values()])
    match comparison.value.control:
        case "select":
            with_options: Callable[..., dict[str, str]] = comparison.value.options  # type: ignore[attr-defined]
            return st.sampled_from(sorted(with_options(None)))
        case "number" if "days" in operator:
            return st.sampled_from(["1", "7", "70", "84", "36500"])
        case "number":
            return st.sampled_from(["0", "1", "2", "3", "10", "100", "2000000000"])
        case "money":
            return st.sampled_from(["0", "500", "9000", "9001", "1000000000000"])
        case "date":
            return st.sampled_from(["2026-03-01", "2026-02-28", "1900-01-01", "2200-12-31"])
        case _:
            return st.sampled_from(["vip", "VIP", "cafe creme", "nobody", "'; DROP TABLE", "%"])


def conditions(world: World) -> st.SearchStrategy[Condition]:
    @st.composite
    def draw_one(draw: st.DrawFn) -> Condition:
        field = draw(st.sampled_from(sorted(FACTS)))
        operator = draw(st.sampled_from(sorted(FACTS[field].comparisons)))
        value = draw(some_values(world, field, operator))
        return Condition(field=field, operator=operator, value=value)

    return draw_one()


def groups(inner: st.SearchStrategy[Condition | Group]) -> st.SearchStrategy[Group]:
    return st.builds(
        Group, match=st.sampled_from(["all", "any"]), items=st.lists(inner, max_size=4)
    )


def test_every_field_of_a_rule_has_its_fact() -> None:
    assert set(FACTS) == set(get_args(Field_))


EVERY = [(name, operator) for name, fact in FACTS.items() for operator in fact.comparisons]


@pytest.mark.parametrize(("field", "operator"), EVERY)
def test_every_comparison_holds_the_same_people_as_plain_python(
    app: Flask, world: World, field: str, operator: str
) -> None:
    strategy = some_values(world, field, operator)
    for value in strategy.elements:  # type: ignore[attr-defined]
        condition = Condition(field=field, operator=operator, value=value)  # type: ignore[arg-type]
        rules = SegmentRules(items=[condition])
        assert in_sql(app, world, rules) == in_python(world, rules), condition


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_nested_groups_hold_the_same_people_as_plain_python(
    app: Flask, world: World, data: st.DataObject
) -> None:
    one = conditions(world)
    group = data.draw(groups(one | groups(one | groups(one))))
    rules = SegmentRules(match=group.match, items=group.items)
    assert in_sql(app, world, rules) == in_python(world, rules)
    with inside(app, world.shop):
        assert queries.preview(rules, AT).count >= 0


def test_what_a_rule_leaves_out_its_opposite_holds(app: Flask, world: World) -> None:
    everybody = {person.id for person in world.people}
    for field, value in (("tag", "vip"), ("birthday_month", "3"), ("tier", world.tiers["Gold"])):
        for_it, against = (
            in_sql(
                app, world, SegmentRules(items=[Condition(field=field, operator=o, value=value)])
            )  # type: ignore[arg-type]
            for o in ("is", "is_not")
        )
        assert for_it | against == everybody
        assert not for_it & against


def test_points_count_as_they_are_at_the_moment_asked_for(app: Flask) -> None:
    shop = make_shop(app)
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        ends = AT + timedelta(days=10)
        Kept(customer_id, shop.program_id).credit(new_id(), 50, AT, ends=ends)
        db.session.commit()
    rules = SegmentRules(items=[Condition(field="points", operator="at_least", value="50")])
    world = World(shop, (), {})
    assert in_sql(app, world, rules, AT + timedelta(days=9)) == {customer_id}
    assert in_sql(app, world, rules, AT + timedelta(days=11)) == set()


def test_a_day_begins_at_midnight_of_the_business(app: Flask) -> None:
    shop = make_shop(app)
    late = make_customer(app, shop, created_at=datetime(2026, 6, 9, 22, 0, tzinfo=UTC))
    early = make_customer(app, shop, created_at=datetime(2026, 6, 9, 21, 59, tzinfo=UTC))
    world = World(shop, (), {})
    before = SegmentRules(items=[Condition(field="joined", operator="before", value="2026-06-10")])
    after = SegmentRules(items=[Condition(field="joined", operator="after", value="2026-06-10")])
    assert in_sql(app, world, before) == {early}
    assert in_sql(app, world, after) == {late}
