"""W5: nobody refers somebody who has brought them along, directly or by others."""

from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.customers import service, status
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.customers.referrals import ReferralCircle
from nxloy_web.customers.spelling import NotPossible
from nxloy_web.db import db
from nxloy_web.db.facts import facts_of
from nxloy_web.db.rows import find
from nxloy_web.permissions import Role
from nxloy_web.tables.customers import Customer
from tests.factories import NOON, Shop, inside, make_customer, make_shop
from tests.ledger.racing import race
from tests.pressing import browser_as, press


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def refer(shop: Shop, customer_id: str, referrer_id: str) -> None:
    customer = find(Customer, customer_id)
    facts = CustomerFacts(**{**vars(facts_of(customer, CustomerFacts)), "referred_by": referrer_id})
    service.edit(customer_id, facts, version=customer.version, by=shop.actor(), at=NOON)


def test_a_circle_of_any_length_is_refused(app: Flask, shop: Shop) -> None:
    ann, ben, cem = (make_customer(app, shop, name) for name in ("Ann", "Ben", "Cem"))
    with inside(app, shop):
        refer(shop, ben, ann)
        refer(shop, cem, ben)
        db.session.commit()
        for referrer in (ben, cem):
            with pytest.raises(ReferralCircle):
                refer(shop, ann, referrer)
        with pytest.raises(NotPossible, match="themselves"):
            refer(shop, ann, ann)
        db.session.rollback()
        assert find(Customer, ann).referred_by is None


def test_a_circle_over_a_deleted_customer_is_one_too(app: Flask, shop: Shop) -> None:
    ann, ben, cem = (make_customer(app, shop, name) for name in ("Ann", "Ben", "Cem"))
    with inside(app, shop):
        refer(shop, ben, ann)
        refer(shop, cem, ben)
        status.delete(ben, by=shop.actor(), at=NOON)
        db.session.commit()
        with pytest.raises(ReferralCircle):
            refer(shop, ann, cem)


def test_of_two_who_name_each_other_at_once_one_is_refused(
    app: Flask, shop: Shop, as_admin: psycopg.Connection[Any]
) -> None:
    ann, ben = make_customer(app, shop, "Ann"), make_customer(app, shop, "Ben")
    first, second = race(
        app, shop, as_admin, lambda: refer(shop, ann, ben), lambda: refer(shop, ben, ann)
    )
    assert first.error is None
    assert isinstance(second.error, ReferralCircle)


def test_the_form_says_so_beside_the_field(app: Flask, shop: Shop) -> None:
    ann = make_customer(app, shop, "Ann", member_code="ANNA2345")
    ben = make_customer(app, shop, "Ben", member_code="BENN2345")
    staff = browser_as(app, shop, Role.STAFF)
    saved = press(staff.get(shop.url(f"/customers/{ben}/edit")), "Save", referrer="ANNA2345")
    assert saved.status_int == 200
    refused = press(staff.get(shop.url(f"/customers/{ann}/edit")), "Save", referrer="BENN2345")
    assert refused.status_int == 422
    assert "cannot go round in a circle" in refused.text
