"""What an owner says about the business as a whole."""

from typing import Any

import psycopg
import pytest
from flask import Flask

from nxloy_web.db import db
from nxloy_web.db.ids import new_id
from nxloy_web.permissions import Role
from nxloy_web.purchases import recording as purchases
from nxloy_web.tables.segments import Condition, CustomerSegment, SegmentKind, SegmentRules
from tests.factories import (
    NOON,
    Shop,
    as_role,
    inside,
    make_customer,
    make_reward,
    make_shop,
)
from tests.pressing import browser_as, press

Admin = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "version": 1,
        "name": "Café Luna",
        "timezone": "Europe/Lisbon",
        "locale": "en",
        "currency": "EUR",
        "contact_email": "hello@luna.example",
        "hue": "150",
        "usual_points": "800",
        "staff_adjust_limit": "50",
        "staff_adjust_day_limit": "120",
        "staff_customer_day_limit": "",
        "manager_day_limit": "9000",
        "redemption_days": "7",
    } | changes


def save(app: Flask, shop: Shop, **changes: Any) -> Any:
    return as_role(app, shop).post(shop.url("/settings/"), data=typed(**changes))


def saved(admin: Admin, shop: Shop) -> tuple[Any, ...]:
    row = admin.execute(
        "SELECT name, timezone, currency, slug, settings, version FROM businesses WHERE id = %s",
        [shop.business_id],
    ).fetchone()
    assert row is not None
    return row


def settings_page(app: Flask, shop: Shop) -> str:
    return as_role(app, shop).get(shop.url("/settings/")).text


def test_settings_are_saved_together_and_audited(app: Flask, shop: Shop, as_admin: Admin) -> None:
    answer = save(app, shop, balance_may_go_negative="y", slug="another")
    assert answer.status_code == 303
    assert saved(as_admin, shop) == (
        "Café Luna",
        "Europe/Lisbon",
        "EUR",
        shop.slug,
        {
            "usual_points": 800,
            "staff_adjust_limit": 50,
            "staff_adjust_day_limit": 120,
            "staff_purchase_limit": 2_000,
            "staff_customer_day_limit": None,
            "staff_day_limit": 50_000,
            "manager_adjust_limit": None,
            "manager_adjust_day_limit": None,
            "manager_purchase_limit": None,
            "manager_customer_day_limit": None,
            "manager_day_limit": 9_000,
            "alone_may_serve_self": False,
            "balance_may_go_negative": True,
            "redemption_days": 7,
            "contact_email": "hello@luna.example",
            "hue": 150,
        },
        2,
    )
    row = as_admin.execute(
        "SELECT action, before->>'timezone', after->'settings'->>'usual_points' "
        "FROM audit_entries WHERE business_id = %s",
        [shop.business_id],
    ).fetchone()
    assert row == ("business.changed", "Europe/Berlin", "800")


def test_saving_the_same_again_changes_nothing(app: Flask, shop: Shop, as_admin: Admin) -> None:
    save(app, shop)
    assert save(app, shop, version=2).status_code == 303
    assert saved(as_admin, shop)[-1] == 2


def test_a_stale_form_says_who_was_first_and_keeps_what_was_typed(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    save(app, shop)
    late = save(app, shop, name="My late name")
    assert late.status_code == 409
    assert f"Owner of {shop.slug} changed this" in late.text
    assert "My late name" in late.text
    assert saved(as_admin, shop)[0] == "Café Luna"
    assert save(app, shop, name="My late name", version=2).status_code == 303


def test_the_currency_changes_until_an_amount_is_recorded(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    """D4: it was "Fixed: amounts are recorded" when none was, only a rule."""
    assert "It can change until the first amount is recorded." in settings_page(app, shop)
    assert save(app, shop, currency="CHF").status_code == 303
    row = as_admin.execute(
        "SELECT p.currency, r.name, r.terms->>'per_minor' FROM loyalty_programs p"
        " JOIN earning_rules r ON r.program_id = p.id WHERE p.id = %s",
        [shop.program_id],
    ).fetchone()
    assert row == ("CHF", "1 point for every 1.00 CHF", "100")
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        purchases.record(
            id=new_id(), customer_id=customer_id, amount_minor=500, by=shop.actor(), at=NOON
        )
        db.session.commit()
    assert "Fixed: amounts are recorded in it." in settings_page(app, shop)
    fixed = save(app, shop, currency="EUR", version=2)
    assert fixed.status_code == 409
    assert "cannot change any more" in fixed.text


def test_rules_prices_and_segments_keep_their_figures(
    app: Flask, shop: Shop, as_admin: Admin
) -> None:
    """D4: 1.00 EUR is 1 JPY, and not 100."""
    make_reward(app, shop, money_cost=1250)
    rules = SegmentRules(items=[Condition(field="spent", operator="at_least", value="5000")])
    with inside(app, shop):
        db.session.add(CustomerSegment(name="Big", kind=SegmentKind.DYNAMIC, rules=rules))
        db.session.commit()
    settings = browser_as(app, shop).get(shop.url("/settings/"))
    assert press(settings, "Save", currency="JPY").status_code in (200, 303)
    row = as_admin.execute(
        "SELECT r.name, r.terms->>'per_minor', w.money_cost, w.currency,"
        " s.rules->'items'->0->>'value' FROM earning_rules r, rewards w, customer_segments s"
        " WHERE r.business_id = %s AND w.business_id = r.business_id"
        " AND s.business_id = r.business_id",
        [shop.business_id],
    ).fetchone()
    assert row == ("1 point for every 1 JPY", "1", 13, "JPY", "50")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "Enter the name of your business."),
        ("name", "x" * 81, "Use at most 80 characters."),
        ("timezone", "Mars/Olympus", "Not a valid choice"),
        ("currency", "XXX", "Not a valid choice"),
        ("locale", "tlh", "Not a valid choice"),
        ("hue", "999", "Not a valid choice"),
        ("usual_points", "many", "Enter a whole number from 1 to 1,000,000."),
        ("usual_points", "0", "Enter a whole number from 1 to 1,000,000."),
        ("staff_adjust_limit", "-1", "Enter a whole number from 0 to 1,000,000."),
        ("staff_day_limit", "lots", "Enter a whole number from 0 to 1,000,000,000, or nothing"),
        ("manager_day_limit", "-1", "Enter a whole number from 0 to 1,000,000,000, or nothing"),
        ("redemption_days", "366", "Enter a whole number from 1 to 365."),
        ("redemption_days", "9" * 60, "Enter a whole number from 1 to 365."),
        ("redemption_days", "", "Enter a whole number from 1 to 365."),
    ],
)
def test_bad_settings_say_what_is_wrong(
    app: Flask, shop: Shop, as_admin: Admin, field: str, value: str, sentence: str
) -> None:
    answer = save(app, shop, **{field: value})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert saved(as_admin, shop)[-1] == 1


def test_a_form_without_a_version_is_stale(app: Flask, shop: Shop) -> None:
    assert save(app, shop, version="").status_code in (409, 422)


def test_only_owners_change_settings(app: Flask, shop: Shop) -> None:
    manager = as_role(app, shop, Role.MANAGER)
    assert manager.post(shop.url("/settings/"), data=typed()).status_code == 403
    stranger = as_role(app, make_shop(app))
    assert stranger.post(shop.url("/settings/"), data=typed()).status_code == 404
