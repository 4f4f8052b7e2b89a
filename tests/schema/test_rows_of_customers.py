"""Customers: deleted without being gone, unique among the living of a business, with a profile."""

import re
from typing import Any

import psycopg
import pytest

from nxloy_web import contacts, member_codes
from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.walking import Walk, revision_module

DATA = "fill_customer_profile"


def customer(walk: Walk, business: str, id_: str, email: str, **more: Any) -> None:
    walk.insert("customers", business_id=business, id=id_, email=email, **more)


def shops(walk: Walk) -> None:
    walk.business("bakery")
    walk.business("florist")


def test_an_address_becomes_unique_among_the_living_of_a_business(at: At) -> None:
    walk = at("add_earning_rules")
    shops(walk)
    customer(walk, "bakery", "ada", "ada@example.com", name="Ada", points=7)
    with pytest.raises(psycopg.errors.UniqueViolation):  # in the world
        customer(walk, "florist", "ada there", "ada@example.com")

    walk.up("add_soft_delete_to_customers")
    assert walk.table("customers", "name", "points", "deleted_at") == {"ada": ("Ada", 7, None)}
    with pytest.raises(psycopg.errors.UniqueViolation):  # still: old code counts on it
        customer(walk, "florist", "ada there", "ada@example.com")
    walk.run("UPDATE customers SET deleted_at = now() WHERE id = 'ada'")
    with pytest.raises(Refused, match="would lose what is in customers"):
        walk.down("add_earning_rules")  # she would be alive again

    walk.up("remove_global_email_uniqueness")
    customer(walk, "florist", "ada there", "ada@example.com")
    customer(walk, "bakery", "ada again", "ada@example.com")
    with pytest.raises(psycopg.errors.UniqueViolation):
        customer(walk, "bakery", "ada twice", "ada@example.com")
    assert walk.table("customers", "business_id", "deleted_at IS NULL AS lives") == {
        "ada": ("bakery", False),
        "ada again": ("bakery", True),
        "ada there": ("florist", True),
    }

    with pytest.raises(Refused) as refused:
        walk.down("add_soft_delete_to_customers")
    rows = r"the rows bakery/ada and bakery/ada again and florist/ada there are alike"
    assert re.search(f"customers cannot be unique by email: {rows}", str(refused.value))
    assert "ada@example.com" not in str(refused.value)
    # What was begun on the way back is in nobody's way.
    customer(walk, "florist", "grace", "grace@example.com")
    customer(walk, "bakery", "grace", "grace@example.com")
    walk.run("DELETE FROM customers WHERE business_id = 'florist' OR id = 'ada again'")
    walk.down("add_soft_delete_to_customers")
    with pytest.raises(psycopg.errors.UniqueViolation):
        customer(walk, "florist", "grace", "grace@example.com")
    walk.run("DELETE FROM customers WHERE deleted_at IS NOT NULL")
    walk.down("add_earning_rules")
    assert set(walk.table("customers", "email")) == {"grace"}
    walk.up("remove_global_email_uniqueness")
    assert walk.table("customers", "email", "deleted_at") == {"grace": ("grace@example.com", None)}


def test_customers_who_were_there_get_a_code_and_an_address_to_compare(at: At) -> None:
    walk = at("remove_global_email_uniqueness")
    shops(walk)
    customer(walk, "bakery", "plain", "plain@example.com")
    customer(walk, "bakery", "capitals", " Capital@Example.COM ")
    customer(walk, "bakery", "gone", "plain@example.com", deleted_at="2026-01-01")
    customer(walk, "florist", "plain", "plain@example.com")
    walk.up("add_customer_profile")
    customer(walk, "bakery", "joins meanwhile", "new@example.com")
    walk.up(DATA)
    assert walk.reports(DATA) == {}
    walk.up("require_customer_profile")

    rows = walk.rows("SELECT * FROM customers ORDER BY business_id, id")
    found = {(r["business_id"], r["id"]): (r["email_norm"], r["status"]) for r in rows}
    assert found == {
        ("bakery", "plain"): ("plain@example.com", "ACTIVE"),
        ("bakery", "capitals"): ("capital@example.com", "ACTIVE"),
        ("bakery", "gone"): ("plain@example.com", "ACTIVE"),
        ("bakery", "joins meanwhile"): ("new@example.com", "PENDING"),
        ("florist", "plain"): ("plain@example.com", "ACTIVE"),
    }
    codes = {row["member_code"] for row in rows}
    assert len(codes) == 5
    assert all(
        len(code) == member_codes.LENGTH and set(code) <= set(member_codes.ALPHABET)
        for code in codes
    )
    assert {row["email_opt_in"] for row in rows} == {True}
    assert rows[0]["email"] == " Capital@Example.COM "  # as it was typed

    walk.down("add_customer_profile")
    assert {row["email_norm"] for row in walk.rows("SELECT email_norm FROM customers")} == {
        norm for norm, _ in found.values()
    }
    walk.up("require_customer_profile")
    assert {r["member_code"] for r in walk.rows("SELECT member_code FROM customers")} == codes
    with pytest.raises(Refused, match="would lose what is in customers"):
        walk.down("remove_global_email_uniqueness")  # the codes stand on cards
    walk.down("remove_global_email_uniqueness", lossy=True)
    walk.up("require_customer_profile")
    assert len(walk.table("customers", "member_code", key="business_id || id")) == 5


def test_an_expand_that_nobody_has_used_is_undone(at: At) -> None:
    walk = at("remove_global_email_uniqueness")
    shops(walk)
    customer(walk, "bakery", "ada", "ada@example.com")
    walk.up("add_customer_profile")
    walk.down("remove_global_email_uniqueness")
    walk.up("add_customer_profile")
    walk.run("UPDATE customers SET phone_number = '1', phone_e164 = '+4930111111'")
    with pytest.raises(Refused, match="would lose what is in customers"):
        walk.down("remove_global_email_uniqueness")


def test_addresses_that_differ_in_capitals_only_wait_for_somebody(at: At) -> None:
    walk = at("remove_global_email_uniqueness")
    shops(walk)
    customer(walk, "bakery", "1 elder", "Ada@example.com")
    customer(walk, "bakery", "2 younger", "ada@EXAMPLE.com")
    customer(walk, "bakery", "3 youngest", "ada@example.com")
    customer(walk, "bakery", "4 blank", "  ")
    customer(walk, "florist", "5 elsewhere", "ADA@example.com")
    customer(walk, "bakery", "0 deleted", "ADA@example.com", deleted_at="2026-01-01")
    walk.up(DATA)
    same = ("WAITING", "another customer of the business has this address")
    assert walk.reports(DATA) == {
        "2 younger": same,
        "3 youngest": same,
        "4 blank": ("WAITING", "its e-mail address is empty"),
    }
    norms = {
        "0 deleted": "ada@example.com",
        "1 elder": "ada@example.com",
        "2 younger": None,
        "3 youngest": None,
        "4 blank": None,
        "5 elsewhere": "ada@example.com",
    }
    assert walk.table("customers", "email_norm") == norms
    assert None not in walk.table("customers", "member_code").values()

    with pytest.raises(Refused, match=f"3 rows of {DATA} wait for a decision") as refused:
        walk.up("require_customer_profile")
    assert f"`flask schema report {DATA}` shows them" in str(refused.value)
    # One has another address, one is deleted, one has a telephone: three ways to put it right.
    walk.run("UPDATE customers SET email = 'Ada.B@example.com' WHERE id = '2 younger'")
    walk.run("UPDATE customers SET deleted_at = now() WHERE id = '3 youngest'")
    walk.run("UPDATE customers SET phone_e164 = '+4930111111' WHERE id = '4 blank'")
    walk.again(DATA)
    assert walk.reports(DATA) == {}
    walk.up("require_customer_profile")
    assert walk.table("customers", "email_norm") == norms | {
        "2 younger": "ada.b@example.com",
        "3 youngest": "ada@example.com",
    }


def test_what_old_code_adds_after_the_data_migration_is_seen(at: At) -> None:
    walk = at("remove_global_email_uniqueness")
    shops(walk)
    walk.up(DATA)
    with walk.inside("bakery") as bakery:
        bakery.execute(
            "INSERT INTO customers (business_id, id, name, email)"
            " VALUES ('bakery', 'late', 'Late', 'late@example.com')"
        )
    with pytest.raises(Refused, match=f"1 row of {DATA} wait"):
        walk.up("require_customer_profile")
    walk.again(DATA)
    walk.up("require_customer_profile")
    assert walk.table("customers", "email_norm") == {"late": "late@example.com"}


def test_somebody_without_an_address_shuts_the_way_back_and_nothing_else(at: At) -> None:
    walk = at("require_customer_profile")
    shops(walk)

    def join(id_: str) -> None:
        with walk.inside("bakery") as bakery:
            bakery.execute(
                "INSERT INTO customers (business_id, id, phone_e164, member_code)"
                " VALUES ('bakery', %s, %s, %s)",
                [id_, f"+49{id_}", id_],
            )

    join("1")
    with pytest.raises(Refused, match="Rows of customers break the rule"):
        walk.down(DATA)
    join("2")  # the application goes on as it was
    with pytest.raises(psycopg.errors.CheckViolation):
        walk.run("UPDATE customers SET phone_e164 = NULL")
    walk.run("UPDATE customers SET erased_at = now(), phone_e164 = NULL WHERE id = '1'")


TYPED = [
    "ada@example.com",
    "Ada@Example.COM",
    "  ada@example.com\t",
    "STRASSE@example.com",
    "straße@example.com",
    "ΣΊΣΥΦΟΣ@example.com",
    "cafe\u0301@example.com",
    "İ@example.com",
]


@pytest.mark.parametrize("typed", TYPED)
def test_addresses_are_compared_as_the_application_compares_them(typed: str) -> None:
    assert revision_module(DATA)._norm(typed) == contacts.email_norm(typed)
