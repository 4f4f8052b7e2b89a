"""W2 and W3: nobody gives to themselves, and nobody more than the limits of their role."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.actors import Actor
from nxloy_web.businesses import team
from nxloy_web.current_business import current_business
from nxloy_web.customers import status
from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.ledger import service as ledger
from nxloy_web.ledger.limits import OverLimit, OwnPoints
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording, voiding
from nxloy_web.redemptions import asking, deciding, many, taking_back
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.auth import User
from nxloy_web.tables.businesses import BusinessSettings, Membership
from tests.factories import (
    NOON,
    Shop,
    inside,
    make_customer,
    make_reward,
    make_shop,
    make_user,
)
from tests.ledger.racing import all_at_once, race

Admin = psycopg.Connection[Any]


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def buy(shop: Shop, customer_id: str, euros: int, by: Actor | None = None) -> str:
    purchase = recording.record(
        id=new_id(),
        customer_id=customer_id,
        amount_minor=euros * 100,
        by=by or shop.actor(Role.STAFF),
        at=NOON,
    )
    return purchase.id


def add(shop: Shop, customer_id: str, points: int, by: Actor | None = None) -> None:
    by = by or shop.actor(Role.STAFF)
    ledger.adjust(customer_id, shop.program_id, points, id=new_id(), reason="R", by=by, at=NOON)


def own_card(app: Flask, shop: Shop, known_by: str) -> str:
    """A card of the staff's person, known in one way alone."""
    staff_id = shop.users[Role.STAFF]
    with inside(app, shop):
        person = db.session.get(User, staff_id)
        assert person is not None
        address = person.email_norm
    elsewhere = f"{new_id()}@example.com"
    match known_by:
        case "sign-in":
            return make_customer(app, shop, user_id=staff_id)
        case "address":
            return make_customer(app, shop, email=address.upper(), email_norm=address)
        case "address with a tag":
            tagged = address.replace("@", "+coffee@")
            return make_customer(app, shop, email=tagged, email_norm=tagged)
        case "phone":
            with inside(app, shop):
                member = db.session.query(Membership).filter_by(user_id=staff_id).one()
                team.note_phone(member.id, "030 901820", by=shop.actor(), at=NOON)
                db.session.commit()
            return make_customer(app, shop, email_norm=elsewhere, phone_e164="+4930901820")
        case _:
            before = make_customer(app, shop, user_id=staff_id, phone_e164="+4930901821")
            with inside(app, shop):
                status.delete(before, by=shop.actor(), at=NOON)
                db.session.commit()
            return make_customer(app, shop, email_norm=elsewhere, phone_e164="+4930901821")


KNOWN_BY = ("sign-in", "address", "address with a tag", "phone", "the phone of an earlier card")


@pytest.mark.parametrize("known_by", KNOWN_BY)
def test_nobody_credits_decides_or_hands_over_for_themselves(
    app: Flask, shop: Shop, known_by: str
) -> None:
    """W2: the card is known however it was enrolled, by each verb."""
    card = own_card(app, shop, known_by)
    reward_id = make_reward(app, shop, points_cost=10, needs_approval=True)
    me, other = shop.actor(Role.STAFF), shop.actor(Role.MANAGER)
    with inside(app, shop):
        buy(shop, card, 100, by=other)
        asked = [
            asking.ask(id=new_id(), customer_id=card, reward_id=reward_id, by=me, at=NOON).id
            for _ in range(2)
        ]
        deciding.approve(asked[1], by=other, at=NOON)
        db.session.commit()
        for refused in (
            lambda: buy(shop, card, 1),
            lambda: add(shop, card, 1),
            lambda: deciding.approve(asked[0], by=me, at=NOON),
            lambda: deciding.fulfil(asked[1], by=me, at=NOON),
            lambda: taking_back.cancel(asked[0], by=me, at=NOON, reason="No"),
        ):
            with pytest.raises(OwnPoints):
                refused()
            db.session.rollback()
        lines = many.do(asked, "approve", by=me, at=NOON)
        assert [line.ok for line in lines] == [False, False]
        deciding.fulfil(asked[1], by=other, at=NOON)
        add(shop, card, -1)  # points may be taken from oneself
        db.session.commit()


def test_a_manager_does_not_refund_to_their_own_address(app: Flask, shop: Shop) -> None:
    """W2: the same for who may refund."""
    with inside(app, shop):
        manager = db.session.get(User, shop.users[Role.MANAGER])
        assert manager is not None
        address = manager.email_norm
    card = make_customer(app, shop, email_norm=address)
    reward_id = make_reward(app, shop, points_cost=10, needs_approval=False)
    with inside(app, shop):
        buy(shop, card, 100)
        row = asking.ask(
            id=new_id(), customer_id=card, reward_id=reward_id, by=shop.actor(), at=NOON
        )
        deciding.fulfil(row.id, by=shop.actor(), at=NOON)
        with pytest.raises(OwnPoints):
            taking_back.refund(row.id, by=shop.actor(Role.MANAGER), at=NOON, reason="Cold")


def test_a_card_of_another_business_is_nobodys_own_here(app: Flask, shop: Shop) -> None:
    """W2, tenancy: phones and links of another business say nothing here."""
    elsewhere = make_shop(app)
    make_customer(app, elsewhere, user_id=shop.users[Role.STAFF], phone_e164="+4930901822")
    card = make_customer(app, shop, phone_e164="+4930901822")
    with inside(app, shop):
        assert buy(shop, card, 5)


def alone(app: Flask, shop: Shop, allowed: bool) -> None:
    with inside(app, shop):
        for member in db.session.query(Membership).all():
            if member.role is not Role.OWNER:
                db.session.delete(member)
        _set(shop, alone_may_serve_self=allowed)
        db.session.commit()


def _set(shop: Shop, **values: Any) -> None:
    business = current_business()
    business.settings = BusinessSettings(**{**business.settings.model_dump(), **values})
    db.session.flush()


def test_a_shop_of_one_may_serve_itself_when_its_owner_says_so(app: Flask, shop: Shop) -> None:
    """W2: only then, and the audit log marks it."""
    card = make_customer(app, shop, user_id=shop.owner_id)
    owner = shop.actor()
    with inside(app, shop):
        _set(shop, alone_may_serve_self=True)
        db.session.commit()
        with pytest.raises(OwnPoints):  # there are others
            buy(shop, card, 5, by=owner)
    alone(app, shop, allowed=False)
    with inside(app, shop), pytest.raises(OwnPoints):
        buy(shop, card, 5, by=owner)
    alone(app, shop, allowed=True)
    customer = make_customer(app, shop)
    with inside(app, shop):
        mine, theirs = buy(shop, card, 5, by=owner), buy(shop, customer, 5, by=owner)
        db.session.commit()
        marked = {
            row.subject_id: (row.after or {}).get("on_own_card")
            for row in db.session.query(AuditEntry).filter_by(action="purchase.recorded")
        }
    assert marked == {mine: True, theirs: None}


def test_limits_hold_per_act_per_day_and_per_customer(app: Flask, shop: Shop) -> None:
    """W3: staff by default; what was taken back does not count, nor what was before midnight."""
    ann, ben = make_customer(app, shop, "Ann"), make_customer(app, shop, "Ben")
    with inside(app, shop):
        with pytest.raises(OverLimit, match=r"up to 200 points at once; this is 201\."):
            add(shop, ann, 201)
        add(shop, ann, 200)
        add(shop, ben, 200)
        with pytest.raises(OverLimit, match=r"500 points a day by hand; with this .* 600\."):
            add(shop, ben, 200)
        add(shop, ben, 100)
        with pytest.raises(OverLimit, match=r"2,000 points for one purchase; this gives 2,001\."):
            buy(shop, ann, 2_001)
        first = buy(shop, ann, 2_000)
        with pytest.raises(OverLimit, match=r"one customer up to 4,000 points a day.* 4,200\."):
            buy(shop, ann, 2_000)
        voiding.undo(first, by=shop.actor(Role.STAFF), at=NOON)
        buy(shop, ann, 2_000)
        _set(shop, staff_day_limit=2_600)
        with pytest.raises(OverLimit, match=r"give up to 2,600 points a day.* 2,601\."):
            buy(shop, ben, 101)
        recording.record(
            id=new_id(),
            customer_id=ben,
            amount_minor=10_100,
            by=shop.actor(Role.STAFF),
            at=NOON + timedelta(hours=10),  # 00:00 of the next day in Berlin
        )
        buy(shop, ben, 50_000, by=shop.actor())
        add(shop, ben, 50_000, by=shop.actor())


def test_managers_have_the_limits_their_owner_sets(app: Flask, shop: Shop) -> None:
    """W3: none by default."""
    ann = make_customer(app, shop)
    manager = shop.actor(Role.MANAGER)
    with inside(app, shop):
        add(shop, ann, 10_000, by=manager)
        _set(shop, manager_adjust_limit=100, manager_purchase_limit=50)
        with pytest.raises(OverLimit):
            add(shop, ann, 101, by=manager)
        with pytest.raises(OverLimit):
            buy(shop, ann, 51, by=manager)


def test_two_at_once_do_not_pass_the_limit_of_a_day(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    """W3: one person on two tablets, for two customers: the second counts what the first gave."""
    ann, ben = make_customer(app, shop, "Ann"), make_customer(app, shop, "Ben")
    with inside(app, shop):
        _set(shop, staff_day_limit=100)
        db.session.commit()
    first, second = race(
        app, shop, as_admin, lambda: buy(shop, ann, 60), lambda: buy(shop, ben, 60)
    )
    assert first.error is None
    assert isinstance(second.error, OverLimit)


def test_many_at_once_end_at_the_limit_of_a_customer(app: Flask, shop: Shop) -> None:
    """W3: twelve times 499 for one card in a second."""
    ann = make_customer(app, shop)
    with inside(app, shop):
        _set(shop, staff_customer_day_limit=1_000)
        db.session.commit()
    outcomes = all_at_once(app, shop, [lambda: buy(shop, ann, 499)] * 6)
    assert sum(one.error is None for one in outcomes) == 2
    assert all(isinstance(one.error, OverLimit | None) for one in outcomes)
    with inside(app, shop):
        assert ledger.balance_of(ann, shop.program_id).balance == 998


def test_somebody_else_is_not_held_up_by_a_limit(app: Flask, shop: Shop) -> None:
    """W3: the sums are of one person."""
    ann = make_customer(app, shop)
    other = make_user(app, "Mika")
    with inside(app, shop):
        db.session.add(Membership(user_id=other, role=Role.STAFF))
        _set(shop, staff_customer_day_limit=100)
        buy(shop, ann, 100)
        buy(shop, ann, 100, by=replace(shop.actor(Role.STAFF), user_id=other))
