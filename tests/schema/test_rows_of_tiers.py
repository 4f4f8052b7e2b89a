"""Loyalty tiers: they get a business in three steps, another name for their threshold, and more."""

from datetime import UTC, datetime

import psycopg
import pytest

from nxloy_web.schema import runner
from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.walking import Walk, revision_module

DATA = "populate_business_id_of_tiers"
SET_ASIDE = "SET_ASIDE"
NOBODYS = ", so nobody knows whose tier it is"


def shops(walk: Walk) -> None:
    """Two businesses with a program of their own, and one id that both have used."""
    for name in ("bakery", "florist"):
        walk.business(name)
        for id_ in (f"{name} program", "twin"):
            program(walk, name, id_)


def program(walk: Walk, business: str, id_: str) -> None:
    row = {"id": id_, "name": id_, "type": "POINTS", "currency": "EUR"}
    walk.insert("loyalty_programs", business_id=business, **row)


def tier(
    walk: Walk, id_: str, program_id: str | None, points: int, name: str | None = None
) -> None:
    row = {"program_id": program_id, "name": name or id_, "min_points": points}
    walk.insert("loyalty_tiers", id=id_, **row)


def test_each_tier_goes_to_the_business_of_its_program(on_both: At) -> None:
    walk = on_both("add_subscription_program_type")
    shops(walk)
    tier(walk, "silver", "bakery program", 100)
    tier(walk, "gold", "bakery program", 500)
    tier(walk, "rose", "florist program", 100)
    tier(walk, "orphan", "a program that is gone", 100)
    tier(walk, "null", None, 100)
    tier(walk, "ambiguous", "twin", 100)
    walk.up("add_business_id_to_tiers")
    walk.up(DATA)

    owners = {"silver": "bakery", "gold": "bakery", "rose": "florist"}
    assert walk.table("loyalty_tiers", "business_id") == owners
    assert walk.reports(DATA) == {
        "ambiguous": (SET_ASIDE, "several businesses have a program with this id" + NOBODYS),
        "null": (SET_ASIDE, "it names no program" + NOBODYS),
        "orphan": (SET_ASIDE, "there is no program with this id" + NOBODYS),
    }
    (aside,) = walk.rows("SELECT row FROM data_migration_reports WHERE row_key->>'id' = 'orphan'")
    assert aside["row"] == {
        "id": "orphan",
        "business_id": None,
        "program_id": "a program that is gone",
        "name": "orphan",
        "min_points": 100,
    }

    walk.up("require_business_id_of_tiers")
    assert walk.table("loyalty_tiers", "business_id") == owners
    with walk.inside("bakery") as bakery:
        seen = bakery.execute("SELECT id FROM loyalty_tiers ORDER BY id").fetchall()
        assert seen == [("gold",), ("silver",)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            bakery.execute("UPDATE loyalty_tiers SET business_id = 'florist'")
        bakery.rollback()
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        walk.run("UPDATE loyalty_tiers SET program_id = 'florist program' WHERE id = 'gold'")

    walk.down("add_subscription_program_type")
    # All six are back, also those that were set aside.
    assert walk.table("loyalty_tiers", "program_id", "min_points") == {
        "silver": ("bakery program", 100),
        "gold": ("bakery program", 500),
        "rose": ("florist program", 100),
        "orphan": ("a program that is gone", 100),
        "null": (None, 100),
        "ambiguous": ("twin", 100),
    }
    assert walk.reports(DATA) == {}
    walk.up("require_business_id_of_tiers")
    assert walk.table("loyalty_tiers", "business_id") == owners
    assert set(walk.reports(DATA)) == {"orphan", "null", "ambiguous"}


def test_code_that_knows_of_no_business_goes_on_between_the_steps(at: At) -> None:
    walk = at("add_subscription_program_type")
    shops(walk)
    tier(walk, "before", "bakery program", 1)
    old = "INSERT INTO loyalty_tiers (id, program_id, name, min_points) VALUES (%s, %s, %s, %s)"

    def write(id_: str, program_id: str | None, points: int) -> None:
        with walk.inside("bakery") as bakery:
            bakery.execute(old, [id_, program_id, id_, points])

    walk.up("add_business_id_to_tiers")
    write("after expand", "bakery program", 2)
    write("of a program both have", "twin", 3)  # its writer was in the bakery
    walk.up(DATA)
    write("after data", "bakery program", 4)
    write("of nothing", None, 5)
    assert walk.table("loyalty_tiers", "business_id") == dict.fromkeys(
        ("before", "after expand", "of a program both have", "after data", "of nothing"), "bakery"
    )
    with pytest.raises(Refused, match=f"1 row of {DATA} wait") as refused:
        walk.up("require_business_id_of_tiers")
    assert f"`flask schema data retry {DATA}` looks again" in str(refused.value)
    walk.again(DATA)
    assert walk.reports(DATA) == {"of nothing": (SET_ASIDE, "it names no program" + NOBODYS)}
    walk.up("require_business_id_of_tiers")
    assert set(walk.table("loyalty_tiers", "business_id").values()) == {"bakery"}
    with pytest.raises(psycopg.errors.NotNullViolation):
        tier(walk, "ownerless", None, 9)


def test_doubles_wait_until_somebody_says_which_is_meant(at: At) -> None:
    walk = at("add_subscription_program_type")
    shops(walk)
    tier(walk, "1 gold", "bakery program", 100, name="Gold")
    tier(walk, "2 same name", "bakery program", 200, name="Gold")
    tier(walk, "3 same threshold", "bakery program", 100, name="Silver")
    tier(walk, "4 below zero", "bakery program", -5, name="Nothing")
    tier(walk, "5 elsewhere", "florist program", 100, name="Gold")
    walk.up(DATA)
    double = ("WAITING", "another tier of the program has this name or this threshold")
    assert walk.reports(DATA) == {
        "2 same name": double,
        "3 same threshold": double,
        "4 below zero": ("WAITING", "its threshold is below zero"),
    }
    assert len(walk.table("loyalty_tiers", "name")) == 5  # each is where it was
    with pytest.raises(
        Refused, match="3 rows of populate_business_id_of_tiers wait for a decision"
    ):
        walk.up("require_business_id_of_tiers")
    walk.run("UPDATE loyalty_tiers SET name = 'Platinum' WHERE id = '2 same name'")
    walk.run("UPDATE loyalty_tiers SET min_points = 50 WHERE id = '3 same threshold'")
    walk.run("UPDATE loyalty_tiers SET min_points = 0 WHERE id = '4 below zero'")
    walk.up("add_loyalty_tiers")
    assert walk.table("loyalty_tiers", "name", "required_points") == {
        "1 gold": ("Gold", 100),
        "2 same name": ("Platinum", 200),
        "3 same threshold": ("Silver", 50),
        "4 below zero": ("Nothing", 0),
        "5 elsewhere": ("Gold", 100),
    }


def test_two_businesses_may_give_a_tier_the_same_id_and_then_the_way_back_is_shut(at: At) -> None:
    walk = at("require_business_id_of_tiers")
    shops(walk)
    for name in ("bakery", "florist"):
        row = {"id": "gold", "program_id": f"{name} program", "name": "Gold", "min_points": 1}
        walk.insert("loyalty_tiers", business_id=name, **row)
    with pytest.raises(Refused, match="the rows bakery/gold and florist/gold are alike"):
        walk.down(DATA)
    with walk.inside("bakery") as bakery:  # and what keeps them apart is still there
        assert bakery.execute("SELECT count(*) FROM loyalty_tiers").fetchone() == (1,)


def test_the_threshold_has_two_names_while_old_and_new_code_write(at: At) -> None:
    walk = at("require_business_id_of_tiers")
    shops(walk)
    new = "INSERT INTO loyalty_tiers (business_id, id, program_id, name, {}) VALUES {}"

    def write(id_: str, column: str, points: int) -> None:
        values = f"('bakery', '{id_}', 'bakery program', '{id_}', {points})"
        with walk.inside("bakery") as bakery:
            bakery.execute(new.format(column, values))  # type: ignore[arg-type]

    def change(id_: str, column: str, points: int) -> None:
        with walk.inside("bakery") as bakery:
            bakery.execute(
                f"UPDATE loyalty_tiers SET {column} = {points} WHERE id = '{id_}'"  # type: ignore[arg-type]
            )

    write("before", "min_points", 10)
    walk.up("add_required_points_column")
    assert walk.table("loyalty_tiers", "min_points", "required_points") == {"before": (10, None)}
    write("by old code", "min_points", 20)
    write("by new code", "required_points", 30)
    walk.up("copy_min_points")
    change("by old code", "required_points", 25)
    change("by new code", "min_points", 35)
    equal = {"before": (10, 10), "by old code": (25, 25), "by new code": (35, 35)}
    assert walk.table("loyalty_tiers", "min_points", "required_points") == equal
    walk.up("remove_min_points_column")
    final = {"before": 10, "by old code": 25, "by new code": 35}
    assert walk.table("loyalty_tiers", "required_points") == final
    change("before", "required_points", 11)
    walk.down("copy_min_points")
    equal["before"] = (11, 11)
    assert walk.table("loyalty_tiers", "min_points", "required_points") == equal
    change("before", "min_points", 12)
    walk.down("require_business_id_of_tiers")
    assert walk.table("loyalty_tiers", "min_points") == {
        "before": 12,
        "by old code": 25,
        "by new code": 35,
    }
    walk.up("remove_min_points_column")
    assert walk.table("loyalty_tiers", "required_points")["before"] == 12


def test_what_tiers_have_beyond_the_launch_is_given_and_not_lost(at: At) -> None:
    walk = at("remove_min_points_column")
    shops(walk)
    row = {"program_id": "bakery program", "name": "Gold", "required_points": 7}
    walk.insert("loyalty_tiers", business_id="bakery", id="gold", **row)
    walk.up("add_loyalty_tiers")
    columns = ("required_points", "multiplier", "color", "benefits", "description", "deleted_at")
    assert walk.table("loyalty_tiers", *columns) == {
        "gold": (7, 1, "#000000", [], None, None),
    }
    walk.down("remove_min_points_column")
    walk.up("add_loyalty_tiers")
    for change in (
        "multiplier = 1.5",
        "color = '#ffcc00'",
        "benefits = '[\"cake\"]'",
        f"deleted_at = '{datetime(2026, 1, 1, tzinfo=UTC)}'",
    ):
        walk.run(f"UPDATE loyalty_tiers SET {change}")
        with pytest.raises(Refused, match="would lose what is in loyalty_tiers"):
            walk.down("remove_min_points_column")
    walk.down("remove_min_points_column", lossy=True)
    assert walk.table("loyalty_tiers", "name", "required_points") == {"gold": ("Gold", 7)}


def test_deleting_a_program_for_good_takes_its_tiers(at: At) -> None:
    walk = at("require_business_id_of_tiers")
    shops(walk)
    for name in ("bakery", "florist"):
        row = {"id": name, "program_id": "twin", "name": "Gold", "min_points": 1}
        walk.insert("loyalty_tiers", business_id=name, **row)
    walk.run("DELETE FROM loyalty_programs WHERE business_id = 'florist' AND id = 'twin'")
    assert walk.table("loyalty_tiers", "business_id") == {"bakery": "bakery"}


@pytest.mark.parametrize("count", [2_000, pytest.param(200_000, marks=pytest.mark.soak)])
def test_what_is_undecided_is_found_in_one_reading(at: At, count: int) -> None:
    """S14: the rows that are read grow with the tiers, not with their square."""
    walk = at("add_business_id_to_tiers")
    walk.business("shop")
    program = {"name": "Club", "type": "POINTS", "currency": "EUR"}
    walk.insert("loyalty_programs", business_id="shop", id="p", **program)
    walk.run(
        "INSERT INTO loyalty_tiers (id, program_id, name, min_points, business_id)"
        " SELECT 't' || n, 'p', 'Tier ' || n, n, 'shop' FROM generate_series(1, %s) n",
        count,
    )
    walk.run("UPDATE loyalty_tiers SET name = 'Tier 1' WHERE id = 't7'")
    walk.run("ANALYZE loyalty_tiers")
    migration = revision_module("populate_business_id_of_tiers").MIGRATION
    with psycopg.connect(walk.url("migrator")) as connection:
        read = "SELECT pg_stat_get_xact_tuples_returned('loyalty_tiers'::regclass)"
        assert runner.waiting(connection, migration) == 1
        ((rows,),) = connection.execute(read).fetchall()
    assert count <= rows <= 3 * count
