"""The rules of taking customers in and changing them."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from nxloy_web.actors import Actor
from nxloy_web.customers import finding, identifiers, service, status
from nxloy_web.customers.facts import NEWCOMER, CustomerFacts
from nxloy_web.customers.reach import NotReachable
from nxloy_web.customers.spelling import NotPossible, clean_tags
from nxloy_web.db import db
from nxloy_web.db.facts import facts_of
from nxloy_web.db.ids import new_id
from nxloy_web.errors import NotFound, Stale
from nxloy_web.tables.audit import AuditEntry
from nxloy_web.tables.customers import Customer, CustomerNameWord, CustomerStatus
from nxloy_web.tables.redemptions import RewardRedemption
from nxloy_web.tables.segments import CustomerSegment, CustomerSegmentMember, SegmentKind
from nxloy_web.zones import country_of
from tests.factories import NOON, Shop, inside, make_customer, make_reward, make_shop, make_user


@pytest.fixture
def shop(app: Flask) -> Iterator[Shop]:
    made = make_shop(app)
    with inside(app, made):
        yield made


def enrol(shop: Shop, first_name: str = "Ann", **values: Any) -> Customer:
    row_id = values.pop("id", None) or new_id()
    values = {"last_name": "Lee", "email": f"{new_id()}@example.com"} | values
    facts = replace(NEWCOMER, first_name=first_name, **values)
    customer = service.enrol(row_id, facts, by=shop.actor(), at=NOON)
    db.session.commit()
    return customer


def edit(shop: Shop, customer: Customer, version: int, **values: Any) -> Customer:
    facts = replace(facts_of(customer, CustomerFacts), **values)
    return service.edit(customer.id, facts, version=version, by=shop.actor(), at=NOON)


def words_of(customer: Customer) -> set[str]:
    mine = CustomerNameWord.customer_id == customer.id
    return set(db.session.scalars(select(CustomerNameWord.word).where(mine)))


def test_enrolling_keeps_one_spelling_of_everything(shop: Shop) -> None:
    customer = enrol(
        shop, " Zoë ", last_name="O'Neil", email=" Zoe@Example.COM ", phone="030 901820"
    )
    assert customer.first_name == "Zoë"
    assert customer.email == "Zoe@Example.COM"
    assert customer.email_norm == "zoe@example.com"
    assert customer.phone_e164 == "+4930901820"
    assert customer.status is CustomerStatus.ACTIVE
    assert len(customer.member_code) == 8
    assert customer.card_code == f"{customer.member_code[:4]} {customer.member_code[4:]}"
    assert words_of(customer) == {"zoe", "oneil", "neil"}


def test_enrolling_pressed_twice_makes_one_customer(shop: Shop) -> None:
    row_id = new_id()
    first = enrol(shop, id=row_id, email="twice@example.com")
    second = enrol(shop, id=row_id, email="twice@example.com")
    assert first.id == second.id
    entries = select(AuditEntry).where(AuditEntry.subject_id == row_id)
    assert [e.action for e in db.session.scalars(entries)] == ["customer.enrolled"]


def test_nobody_is_enrolled_without_an_address(shop: Shop) -> None:
    with pytest.raises(NotReachable) as refusal:
        enrol(shop, email=" ")
    assert str(refusal.value).startswith("Enter an e-mail address or a phone number")


@pytest.mark.parametrize(
    ("values", "field"),
    [({"email": "not an address"}, "email"), ({"email": None, "phone": "12"}, "phone")],
)
def test_a_bad_address_is_refused_where_it_stands(
    shop: Shop, values: dict[str, Any], field: str
) -> None:
    with pytest.raises(NotReachable) as refusal:
        enrol(shop, **values)
    assert refusal.value.field == field


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"email": "SAME@example.com"}, "email"),
        ({"email": None, "phone": "+49 30 901821"}, "phone"),
        ({"external_id": "77"}, "external_id"),
    ],
)
def test_a_taken_detail_names_who_has_it(shop: Shop, values: dict[str, Any], field: str) -> None:
    has = enrol(shop, "Bo", email="same@example.com", phone="030 901821", external_id="77")
    with pytest.raises(identifiers.AlreadyCustomer, match="Bo Lee has this") as refusal:
        enrol(shop, **values)
    assert refusal.value.customer.id == has.id
    assert refusal.value.field == field


def test_a_deleted_customer_holds_nothing(shop: Shop) -> None:
    gone = enrol(shop, email="free@example.com")
    status.delete(gone.id, by=shop.actor(), at=NOON)
    assert enrol(shop, email="free@example.com").id != gone.id


def test_editing_changes_the_words_and_counts_the_version(shop: Shop) -> None:
    customer = enrol(shop, tags=["VIP"])
    edit(shop, customer, 1, last_name="Stone", tags=["Coffee"])
    db.session.commit()
    assert words_of(customer) == {"ann", "stone", "#coffee"}
    assert customer.name_norm == "ann stone"
    assert customer.version == 2
    with pytest.raises(Stale):
        edit(shop, customer, 1, last_name="Late")


def test_editing_nothing_leaves_no_trace(shop: Shop) -> None:
    customer = enrol(shop)
    edit(shop, customer, 1, first_name="Ann")
    assert customer.version == 1


def test_the_last_address_cannot_be_taken_away(shop: Shop) -> None:
    customer = enrol(shop)
    with pytest.raises(NotReachable):
        edit(shop, customer, 1, email="")


def test_nobody_refers_themselves(shop: Shop) -> None:
    customer = enrol(shop)
    with pytest.raises(NotPossible, match="refer themselves"):
        edit(shop, customer, 1, referred_by=customer.id)


def test_a_new_address_from_the_team_ends_the_sign_in(app: Flask) -> None:
    shop = make_shop(app)
    user_id = make_user(app)
    with inside(app, shop):
        customer = enrol(shop)
        service.link_user(customer, user_id, by=shop.actor(), at=NOON)
        edit(shop, customer, 2, email="new@example.com")
        assert customer.user_id is None
        service.link_user(customer, user_id, by=shop.actor(), at=NOON)
        own = Actor("customer", user_id, customer_id=customer.id)
        facts = replace(facts_of(customer, CustomerFacts), email="own@example.com")
        service.edit(customer.id, facts, version=customer.version, by=own, at=NOON)
        assert customer.user_id == user_id


def test_one_sign_in_opens_one_card(app: Flask) -> None:
    shop = make_shop(app)
    user_id = make_user(app)
    with inside(app, shop):
        service.link_user(enrol(shop), user_id, by=shop.actor(), at=NOON)
        with pytest.raises(identifiers.AlreadyCustomer):
            service.link_user(enrol(shop, "Bo"), user_id, by=shop.actor(), at=NOON)


def test_the_log_says_what_changed_and_keeps_no_name(shop: Shop) -> None:
    customer = enrol(shop)
    edit(shop, customer, 1, first_name="Secret", sms_opt_in=True)
    db.session.commit()
    entry = db.session.scalar(
        select(AuditEntry).where(
            AuditEntry.subject_id == customer.id, AuditEntry.action == "customer.edited"
        )
    )
    assert entry is not None
    assert entry.after == {"sms_opt_in": True, "personal_details": "first_name"}
    assert entry.before == {"sms_opt_in": False, "personal_details": "first_name"}


def test_a_customer_with_an_open_redemption_is_not_deleted(app: Flask) -> None:
    shop = make_shop(app)
    reward_id, customer_id = make_reward(app, shop), make_customer(app, shop, "Ann")
    with inside(app, shop):
        db.session.add(
            RewardRedemption(
                customer_id=customer_id,
                reward_id=reward_id,
                points_cost=100,
                code="AAAA1111",
                requested_at=NOON,
                expires_at=NOON,
            )
        )
        db.session.flush()
        with pytest.raises(status.HasOpenRedemptions, match="Ann has an open redemption"):
            status.delete(customer_id, by=shop.actor(), at=NOON)


def test_deleting_and_restoring_keep_the_counts_of_segments(shop: Shop) -> None:
    customer = enrol(shop)
    segment = CustomerSegment(name="Regulars", kind=SegmentKind.MANUAL, member_count=1)
    db.session.add(segment)
    db.session.flush()
    db.session.add(
        CustomerSegmentMember(
            business_id=shop.business_id, segment_id=segment.id, customer_id=customer.id
        )
    )
    db.session.commit()
    status.delete(customer.id, by=shop.actor(), at=NOON)
    db.session.refresh(segment)
    assert segment.member_count == 0
    assert finding.search(customer.email or "") == []
    status.restore(customer.id, by=shop.actor(), at=NOON)
    db.session.refresh(segment)
    assert segment.member_count == 1
    assert [c.id for c in finding.search(customer.email or "")] == [customer.id]


def test_restoring_is_refused_when_the_address_is_taken(shop: Shop) -> None:
    gone = enrol(shop, email="mine@example.com")
    status.delete(gone.id, by=shop.actor(), at=NOON)
    enrol(shop, "Bo", email="mine@example.com")
    with pytest.raises(identifiers.AlreadyCustomer, match="Bo Lee has this e-mail address"):
        status.restore(gone.id, by=shop.actor(), at=NOON)


def test_blocking_twice_is_one_change(shop: Shop) -> None:
    customer = enrol(shop)
    status.block(customer.id, by=shop.actor(), at=NOON)
    status.block(customer.id, by=shop.actor(), at=NOON)
    assert customer.is_blocked
    status.unblock(customer.id, by=shop.actor(), at=NOON)
    actions = db.session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.subject_id == customer.id)
        .order_by(AuditEntry.occurred_at, AuditEntry.id)
    )
    assert list(actions) == ["customer.enrolled", "customer.blocked", "customer.unblocked"]


def test_another_business_cannot_touch_the_customer(app: Flask) -> None:
    theirs = make_customer(app, make_shop(app))
    mine = make_shop(app)
    with inside(app, mine):
        for verb in (status.block, status.delete, status.restore):
            with pytest.raises(NotFound):
                verb(theirs, by=mine.actor(), at=NOON)


def test_too_long_and_odd_names(shop: Shop) -> None:
    with pytest.raises(NotPossible, match="80 characters"):
        enrol(shop, "x" * 81)
    assert enrol(shop, "A\x00nn\x07\nLee").first_name == "Ann Lee"


def test_tags_are_kept_once_however_they_are_spelled() -> None:
    assert clean_tags([" VIP ", "vip", "", "Gäste"]) == ["VIP", "Gäste"]
    with pytest.raises(NotPossible):
        clean_tags(map(str, range(30)))


def test_numbers_without_a_country_are_those_of_the_clock() -> None:
    assert country_of("Europe/Berlin") == "DE"
    assert country_of("UTC") is None


def test_of_two_who_enrol_the_same_address_at_once_one_wins(app: Flask) -> None:
    shop = make_shop(app)
    both_have_looked = threading.Barrier(2)
    results: list[str] = []

    def press(first_name: str) -> None:
        with inside(app, shop):
            try:
                both_have_looked.wait(60)
                enrol(shop, first_name, email="race@example.com")
                results.append("enrolled")
            except identifiers.AlreadyCustomer as refusal:
                db.session.rollback()
                results.append(refusal.field)

    threads = [threading.Thread(target=press, args=(name,)) for name in ("One", "Two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(results) == ["email", "enrolled"]
