"""Customers who refer customers, and customers in segments."""

import psycopg
import pytest

from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.walking import Walk

REFERRAL = "customer_referral_relationship"


def people(walk: Walk) -> None:
    for business in ("bakery", "florist"):
        walk.business(business)
        for name in ("ada", "grace", f"of {business}"):
            email = f"{name}@example.com"
            row = {"id": name, "email": email, "email_norm": email, "member_code": name}
            walk.insert("customers", business_id=business, **row)


def refer(walk: Walk, business: str, who: str, by: str) -> None:
    walk.run(
        "UPDATE customers SET referred_by = %s WHERE business_id = %s AND id = %s",
        by,
        business,
        who,
    )


def referred(walk: Walk, business: str) -> dict[str, str | None]:
    found = walk.rows("SELECT id, referred_by FROM customers WHERE business_id = %s", business)
    return {row["id"]: row["referred_by"] for row in found}


def test_customers_refer_customers_of_their_own_business(at: At) -> None:
    walk = at("remove_points_column")
    people(walk)
    walk.up(REFERRAL)
    assert set(referred(walk, "bakery").values()) == {None}
    walk.down("remove_points_column")
    walk.up(REFERRAL)

    refer(walk, "bakery", "grace", "ada")
    refer(walk, "florist", "grace", "ada")
    with pytest.raises(psycopg.errors.CheckViolation, match="not_referred_by_self"):
        refer(walk, "bakery", "ada", "ada")
    for nobody in ("of florist", "nobody at all"):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            refer(walk, "bakery", "ada", nobody)
    with pytest.raises(Refused, match="would lose what is in customers"):
        walk.down("remove_points_column")

    walk.run("DELETE FROM customers WHERE business_id = 'bakery' AND id = 'ada'")
    assert referred(walk, "bakery") == {"grace": None, "of bakery": None}
    assert referred(walk, "florist")["grace"] == "ada"
    assert walk.rows("SELECT business_id FROM customers WHERE id = 'grace' ORDER BY 1") == [
        {"business_id": "bakery"},
        {"business_id": "florist"},
    ]
    walk.down("remove_points_column", lossy=True)
    assert len(walk.table("customers", "email", key="business_id || id")) == 5
    walk.up(REFERRAL)
    assert set(referred(walk, "florist").values()) == {None}


def test_customers_are_in_segments_of_their_own_business(at: At) -> None:
    walk = at(REFERRAL)
    people(walk)
    walk.up("customer_segment_relationship")

    def segment(business: str, id_: str, **more: str) -> None:
        row = {"id": id_, "name": id_, "kind": "MANUAL"} | more
        walk.insert("customer_segments", business_id=business, **row)

    def belongs(business: str, customer: str, segment_id: str) -> None:
        row = {"customer_id": customer, "segment_id": segment_id}
        walk.insert("customer_segments_mapping", business_id=business, **row)

    for business in ("bakery", "florist"):
        segment(business, "regulars")
        segment(business, f"only {business}")
        belongs(business, "ada", "regulars")
        belongs(business, "grace", "regulars")
    with pytest.raises(psycopg.errors.UniqueViolation):
        belongs("bakery", "ada", "regulars")
    for customer, its in (("ada", "only florist"), ("of florist", "regulars")):
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            belongs("bakery", customer, its)
    with pytest.raises(psycopg.errors.UniqueViolation):
        segment("bakery", "second", name="regulars")
    walk.run("UPDATE customer_segments SET deleted_at = now() WHERE id = 'only bakery'")
    segment("bakery", "second", name="only bakery")
    with walk.inside("bakery") as bakery:
        seen = bakery.execute("SELECT count(*) FROM customer_segments_mapping").fetchone()
        assert seen == (2,)

    # Both sides take their own with them.
    walk.run("DELETE FROM customers WHERE business_id = 'bakery' AND id = 'ada'")
    walk.run("DELETE FROM customer_segments WHERE business_id = 'florist' AND id = 'regulars'")
    left = walk.rows("SELECT business_id, customer_id FROM customer_segments_mapping")
    assert left == [{"business_id": "bakery", "customer_id": "grace"}]

    with pytest.raises(Refused, match="would lose what is in customer_segments_mapping"):
        walk.down("add_customer_segments")
    walk.down("add_customer_segments", lossy=True)
    with pytest.raises(Refused, match="would lose what is in customer_segments"):
        walk.down(REFERRAL)
    walk.down(REFERRAL, lossy=True)
    walk.up("customer_segment_relationship")
    assert walk.table("customer_segments", "name") == {}
    assert len(walk.table("customers", "email", key="business_id || id")) == 5
