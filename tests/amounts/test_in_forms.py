"""Amounts where people type them: the counter, a rule, a reward, a segment. Rows M1 and M2."""

from typing import Any

import pytest
from flask import Flask

from nxloy_web.permissions import Role
from tests.factories import Shop, make_customer, make_shop
from tests.pressing import Browser, Page, browser_as, press


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app, currency="USD")


@pytest.fixture
def owner(app: Flask, shop: Shop) -> Browser:
    return browser_as(app, shop, Role.OWNER)


def given(as_admin: Any, shop: Shop) -> list[int]:
    rows = as_admin.execute(
        "SELECT amount_minor FROM purchases WHERE business_id = %s", (shop.business_id,)
    )
    return [row[0] for row in rows]


def choices(page: Page, name: str) -> list[str]:
    return [
        page.html.select_one(f'label[for="{each["id"]}"]').get_text(strip=True)
        for each in page.html.select(f'input[type=radio][name="{name}-meant"]')
    ]


def test_the_counter_asks_which_of_two_amounts_is_meant(
    app: Flask, shop: Shop, owner: Browser, as_admin: Any
) -> None:
    """Row M1: "1,250" was taken for $1.25."""
    customer_id = make_customer(app, shop)
    card = owner.get(shop.url(f"/counter/{customer_id}"))
    asked = press(card, "Give points", amount="1,250", order_ref="R-1")
    assert asked.status_code == 422
    assert "“1,250” can be two amounts. Choose the one you mean." in asked
    assert choices(asked, "amount") == ["$1,250.00", "$1.25"]
    assert asked.html.select_one("#amount")["value"] == "1,250"
    assert given(as_admin, shop) == []
    told = press(asked, "Give points", **{"amount-meant": "125000"})
    assert "more than your usual 500" in told
    assert choices(told, "amount") == []
    assert told.html.select_one("#amount")["value"] == "1250.00"
    press(told, "Yes, give 1,250 points")
    assert given(as_admin, shop) == [125_000]


def test_another_amount_typed_after_the_question_counts(
    app: Flask, shop: Shop, owner: Browser, as_admin: Any
) -> None:
    card = owner.get(shop.url(f"/counter/{make_customer(app, shop)}"))
    asked = press(card, "Give points", amount="1,250")
    press(asked, "Give points", **{"amount": "12.50", "amount-meant": "125000"})
    assert given(as_admin, shop) == [1250]


def test_a_thousand_yen_are_a_thousand_yen(app: Flask, as_admin: Any) -> None:
    """Row M1."""
    shop = make_shop(app, currency="JPY")
    card = browser_as(app, shop).get(shop.url(f"/counter/{make_customer(app, shop)}"))
    press(card, "Give points", amount="1,000")
    assert given(as_admin, shop) == [1000]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter what the customer paid."),
        ("  ", "Enter what the customer paid."),
        ("0", "A purchase of 0 earns nothing."),
        ("-5", "An amount cannot be below 0."),
        ("7K3M 9QXW", "This is a card, not an amount."),
        ("€12", "“€12” is in another currency."),
    ],
)
def test_the_counter_says_what_was_wrong_with_an_amount(
    app: Flask, shop: Shop, owner: Browser, typed: str, sentence: str
) -> None:
    """Row M2: all of these were "Enter what the customer paid"."""
    card = owner.get(shop.url(f"/counter/{make_customer(app, shop)}"))
    answer = press(card, "Give points", amount=typed)
    assert answer.status_code == 422
    assert answer.html.select_one("#amount-error").get_text(strip=True).startswith(sentence)


def test_a_rule_asks_for_each_of_its_amounts(shop: Shop, owner: Browser, as_admin: Any) -> None:
    """Row M1: "1 point per 1,000" was one per dollar."""
    rule = owner.get(shop.url(f"/programs/{shop.program_id}/earning"))
    asked = press(rule, "Save rule", per_minor="1,000", minimum_minor="2.500")
    assert choices(asked, "per_minor") == ["$1,000.00", "$1.00"]
    assert choices(asked, "minimum_minor") == ["$2.50", "$2,500.00"]
    press(asked, "Save rule", **{"per_minor-meant": "100000", "minimum_minor-meant": "250000"})
    row = as_admin.execute(
        "SELECT terms->>'per_minor', terms->>'minimum_minor' FROM earning_rules"
        " WHERE business_id = %s ORDER BY created_at DESC",
        (shop.business_id,),
    ).fetchone()
    assert row == ("100000", "250000")


def test_a_reward_asks_for_its_price(shop: Shop, owner: Browser, as_admin: Any) -> None:
    """Row M1."""
    page = owner.get(shop.url("/rewards/new"))
    asked = press(page, "Add reward", name="Bicycle", money_cost="1,250")
    assert choices(asked, "money_cost") == ["$1,250.00", "$1.25"]
    press(asked, "Add reward", **{"money_cost-meant": "125000"})
    assert as_admin.execute(
        "SELECT money_cost FROM rewards WHERE business_id = %s", (shop.business_id,)
    ).fetchall() == [(125_000,)]


def test_a_segment_asks_for_its_amount(shop: Shop, owner: Browser, as_admin: Any) -> None:
    """Row M1."""
    new = owner.get(shop.url("/segments/new"))
    about = press(new, "Update condition 1", **{"rule-0.field": "spent"})
    asked = press(about, "Create segment", **{"name": "Big", "rule-0.value": "1,250"})
    assert "“1,250” can be two amounts." in asked
    assert choices(asked, "rule-0.value") == ["$1,250.00", "$1.25"]
    press(asked, "Create segment", **{"rule-0.value-meant": "125000"})
    kept = as_admin.execute("SELECT rules->'items'->0->>'value' FROM customer_segments").fetchone()
    assert kept == ("125000",)


def test_a_form_shows_amounts_as_its_locale_writes_them(app: Flask) -> None:
    shop = make_shop(app, currency="EUR", locale="de")
    rule = browser_as(app, shop).get(shop.url(f"/programs/{shop.program_id}/earning"))
    assert rule.html.select_one("#per_minor")["value"] == "1,00"
