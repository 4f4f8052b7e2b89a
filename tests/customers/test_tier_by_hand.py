"""A tier set by hand: for one customer, with a reason and an end. Row D1."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select, text

from nxloy_web import clock
from nxloy_web.customers import listing, queries
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.errors import FormUsed, NotAllowed, NotFound
from nxloy_web.ledger import by_hand, jobs, limits, reads
from nxloy_web.ledger import service as ledger
from nxloy_web.permissions import Role
from nxloy_web.portal import queries as portal
from nxloy_web.programs import tiers
from nxloy_web.purchases import recording, voiding
from nxloy_web.purchases.batch import NewPurchase, points_of_many
from nxloy_web.rewards.availability import offers_for
from nxloy_web.segments.catalog import Moment
from nxloy_web.segments.compiler import compile_rules
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.segments import Condition, SegmentRules
from tests.factories import (
    NOON,
    Shop,
    inside,
    make_customer,
    make_program,
    make_reward,
    make_shop,
    make_tier,
)
from tests.ledger.books import give, standing
from tests.ledger.racing import race
from tests.pressing import browser_as, buttons_of, press, words_of

DAY = timedelta(days=1)
ZONE = ZoneInfo("Europe/Berlin")
LAST_DAY = (NOON + 10 * DAY).date()
END = datetime.combine(LAST_DAY + DAY, datetime.min.time(), tzinfo=ZONE)
A_MOMENT = timedelta(microseconds=1)


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def gold(app: Flask, shop: Shop) -> str:
    make_tier(app, shop, "Silver", 100)
    return make_tier(app, shop, "Gold", 500, multiplier="2")


@pytest.fixture
def customer(app: Flask, shop: Shop, gold: str) -> str:
    """In Silver."""
    made = make_customer(app, shop, "Nour")
    give(app, shop, made, 150, at=NOON - DAY)
    return made


def wish(
    tier_id: str, last_day: date | None = LAST_DAY, reason: str = "A regular of old"
) -> by_hand.TierByHand:
    return by_hand.TierByHand(tier_id, last_day, reason)


def set_tier(app: Flask, shop: Shop, customer: str, wanted: by_hand.TierByHand, **how: Any) -> str:
    """The id of the form it was set with."""
    how = {"by": shop.actor(Role.MANAGER), "at": NOON, "id": new_id(), "instead_of": ""} | how
    program_id = how.pop("program_id", shop.program_id)
    with inside(app, shop):
        by_hand.set_tier(customer, program_id, wanted, **how)
        db.session.commit()
    return str(how["id"])


def take_away(app: Flask, shop: Shop, customer: str, form: str, **how: Any) -> None:
    how = {"by": shop.actor(Role.MANAGER), "at": NOON + DAY} | how
    with inside(app, shop):
        by_hand.take_away(customer, shop.program_id, form=form, **how)
        db.session.commit()


def held(app: Flask, shop: Shop, customer: str, at: datetime) -> str | None:
    with inside(app, shop):
        [found] = reads.standings(customer, at)
        return found.tier.name if found.tier else None


def said(app: Flask, shop: Shop) -> list[tuple[str, str, Any, Any]]:
    """What the log says of tiers: the event, by whom, the tier before and after."""
    with inside(app, shop):
        rows = db.session.scalars(
            select(AuditEntry)
            .where(AuditEntry.action.startswith("customer.tier"))
            .order_by(AuditEntry.occurred_at, AuditEntry.id)
        )
        return [
            (
                row.action.removeprefix("customer."),
                row.actor_kind,
                (row.before or {}).get("tier"),
                (row.after or {}).get("tier"),
            )
            for row in rows
        ]


SET = ("tier_set_by_hand", "team", "Silver", "Gold")


@pytest.mark.parametrize("at", [END - A_MOMENT, END])
def test_it_counts_everywhere_until_the_end_of_its_last_day(
    app: Flask, shop: Shop, gold: str, customer: str, at: datetime
) -> None:
    """D1: the day is the shop's, and no job has to run."""
    is_gold = at < END
    reward = make_reward(app, shop, "Dinner", points_cost=0, money_cost=100, tier_id=gold)
    set_tier(app, shop, customer, wish(gold))
    assert held(app, shop, customer, at) == ("Gold" if is_gold else "Silver")
    bought = NewPurchase(customer, 1000, occurred_at=NOON)
    with inside(app, shop):
        offers = {one.reward.id: one.availability.ok for one in offers_for(customer, at)}
        assert offers[reward] is is_gold
        points = 20 if is_gold else 10
        assert recording.quote(customer, 1000, at=at).points == points
        assert points_of_many([bought], program_id=shop.program_id, at=at) == points
        rows = listing.page_of(listing.Filter(tier_id=gold), None, at).rows
        assert len(rows) == (1 if is_gold else 0)
        [wallet] = portal.wallets(customer, at)
        assert (wallet.tier and wallet.tier.name, wallet.tier_until) == (
            ("Gold", END) if is_gold else ("Silver", None)
        )
        for operator in ("is", "at_least"):
            rules = SegmentRules(items=[Condition(field="tier", operator=operator, value=gold)])
            found = db.session.scalars(
                select(Customer.id).where(compile_rules(rules, Moment(at, ZONE)))
            ).all()
            assert found == ([customer] if is_gold else [])


def test_without_a_last_day_it_holds_until_it_is_changed(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1."""
    form = set_tier(app, shop, customer, wish(gold, None))
    later = NOON + 3_000 * DAY
    assert held(app, shop, customer, later) == "Gold"
    take_away(app, shop, customer, form, at=later)
    assert held(app, shop, customer, later) == "Silver"


def test_points_do_not_lower_it_and_may_raise_it(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1: a void, and everybody's reassessment, change what is earned below it."""
    make_tier(app, shop, "Platinum", 1000)
    set_tier(app, shop, customer, wish(gold))
    with inside(app, shop):
        bought = recording.record(
            id=new_id(), customer_id=customer, amount_minor=45_000, by=shop.actor(), at=NOON + DAY
        )
        assert bought.points == 900  # at twice, as Gold gives
        db.session.commit()
    assert held(app, shop, customer, NOON + DAY) == "Platinum"
    with inside(app, shop):
        voiding.void(bought.id, reason="Slip", by=shop.actor(), at=NOON + DAY)
        db.session.commit()
    assert held(app, shop, customer, NOON + DAY) == "Gold"
    assert held(app, shop, customer, END) == "Silver"
    with inside(app, shop):
        db.session.execute(
            text("UPDATE customer_balances SET lifetime_points = 0 WHERE customer_id = :one"),
            {"one": customer},
        )
        shown = _shown_moves(shop)
        tiers.reassess(shop.program_id, shown=shown, by=shop.actor(), at=NOON + 2 * DAY)
        db.session.commit()
    assert held(app, shop, customer, NOON + 2 * DAY) == "Gold"
    assert held(app, shop, customer, END) is None
    assert said(app, shop)[1:] == [
        SET,
        ("tier_changed", "team", "Gold", "Platinum"),
        ("tier_changed", "team", "Platinum", "Gold"),
    ]


def _shown_moves(shop: Shop) -> str:
    with pytest.raises(tiers.moving.MovesPeople) as asked:
        tiers.reassess(shop.program_id, by=shop.actor(), at=NOON)
    return str(asked.value.moves.signature)


def test_nobody_is_told_of_moves_below_it(app: Flask, shop: Shop, gold: str, customer: str) -> None:
    newcomer = make_customer(app, shop)
    set_tier(app, shop, newcomer, wish(gold))
    give(app, shop, newcomer, 150, at=NOON + DAY)
    assert standing(app, shop, newcomer).tier_id is not None
    assert [event for event, *_rest in said(app, shop)].count("tier_changed") == 1  # Nour's


def test_its_end_is_told_once_by_the_product(
    app: Flask, shop: Shop, gold: str, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D1."""
    set_tier(app, shop, customer, wish(gold))
    for at in (END - A_MOMENT, END, END + DAY):
        monkeypatch.setattr(clock, "now", lambda at=at: at)
        with inside(app, shop):
            jobs.end_tiers_by_hand()
    _changed, set_, ended = said(app, shop)
    assert set_ == SET
    assert ended == ("tier_by_hand_ended", "system", "Gold", "Silver")
    page = browser_as(app, shop, Role.STAFF).get(shop.url(f"/customers/{customer}"))
    assert "The end of a tier by hand" in words_of(page.text)
    assert "Set by hand: A regular of old" in words_of(page.text)


def test_the_next_one_tells_the_end_of_the_one_before(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """The job may be late."""
    set_tier(app, shop, customer, wish(gold))
    set_tier(app, shop, customer, wish(gold, None), at=END)
    ended = ("tier_by_hand_ended", "system", "Gold", "Silver")
    assert said(app, shop)[1:] == [SET, ended, SET]


def test_who_may_set_it_and_what_is_refused(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1, W2."""
    for wanted, refusal in (
        (wish(gold, reason=" "), ledger.ReasonNeeded),
        (wish(gold, NOON.date() - DAY), by_hand.EndInThePast),
        (wish(new_id()), NotFound),
    ):
        with pytest.raises(refusal):
            set_tier(app, shop, customer, wanted)
    for role in (Role.STAFF, Role.ANALYST):
        with pytest.raises(NotAllowed):
            set_tier(app, shop, customer, wish(gold), by=shop.actor(role))
        with pytest.raises(NotAllowed):
            take_away(app, shop, customer, "", by=shop.actor(role))
    other = make_program(app, shop, "Stamps")
    with pytest.raises(NotFound):
        set_tier(app, shop, customer, wish(gold), program_id=other)
    give(app, shop, customer, 500, at=NOON)
    assert held(app, shop, customer, NOON) == "Gold"
    lower = make_tier(app, shop, "Bronze", 50)
    with pytest.raises(by_hand.HoldsMore):
        set_tier(app, shop, customer, wish(lower))
    set_tier(app, shop, customer, wish(gold, NOON.date()))  # what is earned may be secured


def test_nobody_sets_or_ends_the_tier_of_their_own_card(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1, W2."""
    form = set_tier(app, shop, customer, wish(gold))
    with inside(app, shop):
        db.session.get_one(Customer, (shop.business_id, customer)).user_id = shop.owner_id
        db.session.commit()
    with pytest.raises(limits.OwnPoints):
        set_tier(app, shop, customer, wish(gold, None), by=shop.actor(), instead_of=form)
    with pytest.raises(limits.OwnPoints):
        take_away(app, shop, customer, form, by=shop.actor())


def test_pressed_twice_it_is_set_once_and_ended_once(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1."""
    form = set_tier(app, shop, customer, wish(gold))
    set_tier(app, shop, customer, wish(gold), id=form)
    with pytest.raises(FormUsed):
        set_tier(app, shop, customer, wish(gold, None), id=form)
    for _press in range(2):
        take_away(app, shop, customer, form)
    early = ("tier_by_hand_taken_away", "team", "Gold", "Silver")
    assert said(app, shop)[1:] == [SET, early]


def test_of_two_at_once_the_second_looks_again(
    app: Flask, shop: Shop, gold: str, customer: str, as_admin: Any
) -> None:
    """D1: nobody overwrites or ends what they have not seen."""

    def setting(form: str, last_day: date) -> Callable[[], None]:
        return lambda: by_hand.set_tier(
            customer,
            shop.program_id,
            wish(gold, last_day),
            id=form,
            instead_of="",
            by=shop.actor(Role.MANAGER),
            at=NOON,
        )

    first, second = race(
        app, shop, as_admin, setting("one", LAST_DAY), setting("two", LAST_DAY + DAY)
    )
    assert (first.error, type(second.error)) == (None, by_hand.ChangedMeanwhile)
    assert held(app, shop, customer, END - A_MOMENT) == "Gold"
    assert held(app, shop, customer, END) == "Silver"
    set_tier(app, shop, customer, wish(gold, None), id="three", instead_of="one")
    with pytest.raises(by_hand.ChangedMeanwhile):
        take_away(app, shop, customer, "one")
    assert held(app, shop, customer, END) == "Gold"


def test_both_presses_of_one_form_at_once_set_it_once(
    app: Flask, shop: Shop, gold: str, customer: str, as_admin: Any
) -> None:
    """D1."""

    def setting() -> None:
        by_hand.set_tier(
            customer,
            shop.program_id,
            wish(gold),
            id="one",
            instead_of="",
            by=shop.actor(Role.MANAGER),
            at=NOON,
        )

    first, second = race(app, shop, as_admin, setting, setting)
    assert (first.error, second.error) == (None, None)
    assert said(app, shop)[1:] == [SET]


def test_a_tier_that_is_held_by_hand_is_not_deleted(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    set_tier(app, shop, customer, wish(gold))
    with inside(app, shop), pytest.raises(tiers.HeldByHand):
        tiers.delete(gold, members_to=None, by=shop.actor(), at=NOON)
    with inside(app, shop):
        tiers.delete(gold, members_to=None, by=shop.actor(), at=END)


def test_a_deletion_meanwhile_waits_and_is_refused(
    app: Flask, shop: Shop, gold: str, customer: str, as_admin: Any
) -> None:
    def setting() -> None:
        by_hand.set_tier(
            customer,
            shop.program_id,
            wish(gold),
            id="one",
            instead_of="",
            by=shop.actor(Role.MANAGER),
            at=NOON,
        )

    first, second = race(
        app,
        shop,
        as_admin,
        setting,
        lambda: tiers.delete(gold, members_to=None, by=shop.actor(), at=NOON),
    )
    assert (first.error, type(second.error)) == (None, tiers.HeldByHand)


def test_it_is_set_and_ended_on_the_customers_page(
    app: Flask, shop: Shop, gold: str, customer: str
) -> None:
    """D1: without JavaScript; what was typed stays."""
    browser = browser_as(app, shop, Role.MANAGER)
    there = shop.url(f"/customers/{customer}")
    form = browser.get(shop.url(f"/customers/{customer}/programs/{shop.program_id}/tier"))
    today = clock.now().astimezone(ZONE).date()
    typed = {"tier_id": gold, "reason": "A regular of old"}
    refused = press(form, "Set the tier", last_day=str(today - DAY), **typed)
    assert (refused.status_code, "still to come" in refused.text) == (422, True)
    for last_day, sentence in (("", "Say which day"), ("2100-01-01", "a day before 2100")):
        refused = press(refused, "Set the tier", last_day=last_day, **typed)
        assert (refused.status_code, sentence in refused.text) == (422, True)
    done = press(refused, "Set the tier", last_day=str(today + 9 * DAY), **typed)
    assert done.request.path == there
    assert "At least Gold until the end of" in words_of(done.text)
    assert "A regular of old" in words_of(done.text)
    again = browser.get(shop.url(f"/customers/{customer}/programs/{shop.program_id}/tier"))
    changed = press(again, "Set the tier", ends="changed")
    assert "At least Gold until somebody changes it" in words_of(changed.text)
    late = press(done, "End it now Gold")
    assert (late.status_code, "changed this tier meanwhile" in words_of(late.text)) == (409, True)
    press(changed, "End it now Gold")
    page = browser.get(there)
    assert "At least Gold" not in words_of(page.text)
    assert "Tier by hand ended early" in words_of(page.text)
    log = words_of(browser.get(shop.url("/audit/")).text)
    for sentence in ("Customer tier set by hand", "Customer tier by hand taken away", "Nour"):
        assert sentence in log
    assert "until it is changed" in log
    staff = browser_as(app, shop, Role.STAFF).get(there)
    assert "tier by hand" not in words_of(staff.text).replace("Tier by hand ended early", "")
    assert "End it now Gold" not in buttons_of(staff)


@pytest.mark.parametrize("sort", ["tier", "-tier"])
def test_the_list_by_tier_has_everybody_once_and_in_the_tier_that_counts(
    app: Flask, shop: Shop, gold: str, customer: str, sort: str
) -> None:
    earned = make_customer(app, shop)
    give(app, shop, earned, 600, at=NOON)
    by_hand_too = make_customer(app, shop)
    give(app, shop, by_hand_too, 150, at=NOON)
    set_tier(app, shop, by_hand_too, wish(gold))
    set_tier(app, shop, earned, wish(gold))
    ended = make_customer(app, shop)
    set_tier(app, shop, ended, wish(gold, NOON.date()))
    at = NOON + DAY
    with inside(app, shop):
        program = queries.default_program()
        filter_ = listing.Filter(sort=sort)
        rows = listing.page_of(filter_, program, at).rows
        order = [None if row.tier_id is None else row.tier_id == gold for row in rows]
        exported = [one.id for one, *_more in listing.everything(filter_, program, at)]
    assert order == ([False, True, True, None] if sort == "tier" else [True, True, False, None])
    assert exported == [row.id for row in rows]
    assert {row.id for row in rows} == {customer, earned, by_hand_too, ended}


def test_somebody_without_a_balance_gets_it_too(app: Flask, shop: Shop, gold: str) -> None:
    newcomer = make_customer(app, shop)
    browser = browser_as(app, shop, Role.MANAGER)
    page = browser.get(shop.url(f"/customers/{newcomer}"))
    assert "Set the tier by hand" in words_of(page.text)
    set_tier(app, shop, newcomer, wish(gold))
    assert held(app, shop, newcomer, NOON) == "Gold"
