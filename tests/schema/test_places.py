"""A place of a data migration belongs to one run of its expand, and a refused way back has done
nothing."""

import pytest
from sqlalchemy.exc import DBAPIError

from nxloy_web.schema import batches as sizes
from nxloy_web.schema import runner
from nxloy_web.schema.locking import PATIENCE
from nxloy_web.schema.refusals import Refused
from tests.schema.conftest import At
from tests.schema.shape import differences
from tests.schema.walking import HASTY, Walk, revision_module

NAMES, POINTS = "split_customer_names", "copy_points_to_balance"


class Interrupted(Exception):
    """As Ctrl-C between two batches."""


def cut_short(walk: Walk, file: str, batches: int) -> None:
    def watch(state: runner.State) -> None:
        if state.batches >= batches:
            raise Interrupted

    migration = revision_module(file).MIGRATION
    with pytest.MonkeyPatch.context() as patch:
        for size in ("FIRST_BATCH", "SMALLEST", "LARGEST"):
            patch.setattr(sizes, size, 10)
        with pytest.raises(Interrupted):
            runner.run(runner.address(walk.url("migrator")), migration, watch=watch)


def with_names(at: At, count: int = 60) -> Walk:
    walk = at("require_customer_profile")
    walk.business("shop")
    walk.run(
        "INSERT INTO customers (business_id, id, email, email_norm, member_code, name)"
        " SELECT 'shop', 'c' || lpad(n::text, 4, '0'), n || '@x', n || '@x', 'M' || n, 'Ada B' || n"
        " FROM generate_series(1, %s) n",
        count,
    )
    return walk


@pytest.mark.parametrize("back", ["abort", "downgrade"])
def test_after_a_way_back_every_row_is_done_again(at: At, back: str) -> None:
    """S1: interrupted, aborted, and up again: nobody is without a name."""
    walk = with_names(at)
    walk.up("add_first_and_last_name")
    cut_short(walk, NAMES, 3)
    assert walk.table("data_migrations", "rows_done", key="name")[NAMES] == 30
    if back == "abort":
        assert "split_customer_names is undone" in walk.command("schema", "abort")
    else:
        walk.down("require_customer_profile")
    assert NAMES not in walk.table("data_migrations", "status", key="name")
    walk.up("remove_name")
    names = walk.table("customers", "first_name", "last_name")
    assert names == {f"c{n:04}": ("Ada", f"B{n}") for n in range(1, 61)}


def test_a_way_back_beyond_the_group_forgets_its_place_too(at: At) -> None:
    """S1: the database goes further back than the group that was begun."""
    walk = with_names(at)
    walk.up("add_first_and_last_name")
    cut_short(walk, NAMES, 3)
    walk.down("fill_customer_profile")
    walk.up("remove_name")
    names = walk.table("customers", "first_name")
    assert set(names.values()) == {"Ada"}


def test_a_refused_way_back_has_done_nothing(at: At) -> None:
    """S8: what the whole way loses, or breaks, is asked before its first step."""
    walk = at("remove_points_balance_column")
    walk.business("shop")
    walk.run(
        "INSERT INTO customers (business_id, id, email, email_norm, member_code, name_norm)"
        " VALUES ('shop', 'a', 'a', 'a', 'A', ''), ('shop', 'b', NULL, 'b', 'B', '')"
    )
    walk.run("INSERT INTO customer_segments (business_id, id, name, kind)"
             " VALUES ('shop', 's', 'Regulars', 'MANUAL')")  # fmt: skip
    before = (walk.shape(), walk.rows("SELECT * FROM alembic_version"))
    for target, sentence in (
        ("fill_customer_profile", "would lose what is in customer_segments"),
        ("index_customer_names", "would lose what is in customer_segments"),
    ):
        with pytest.raises(Refused, match=sentence):
            walk.down(target)
        assert (walk.shape(), walk.rows("SELECT * FROM alembic_version")) == before
    walk.run("DELETE FROM customer_segments")
    with pytest.raises(Refused, match=r"Rows of customers break the rule .*shop/b"):
        walk.down("fill_customer_profile")
    assert (walk.shape(), walk.rows("SELECT * FROM alembic_version")) == before
    walk.run("UPDATE customers SET email = 'b' WHERE id = 'b'")
    walk.down("fill_customer_profile")


def test_a_refused_abort_has_lost_nothing(at: At) -> None:
    """S8: somebody holds the table. The data migration is undone already, and does every row."""
    walk = with_names(at)
    walk.up("add_first_and_last_name")
    cut_short(walk, NAMES, 3)
    token = PATIENCE.set(HASTY)
    try:
        with walk.inside("shop") as till:
            till.execute("SELECT FROM customers LIMIT 1")
            refused = walk.command("schema", "abort", fails=True)
            assert "customers is held by" in refused
    finally:
        PATIENCE.reset(token)
    walk.up("remove_name")
    assert set(walk.table("customers", "first_name").values()) == {"Ada"}


def test_a_way_back_that_was_begun_is_finished_and_not_turned_round(at: At) -> None:
    """S8: what kept the two equal is gone already, so what is written meanwhile would be lost."""
    walk = with_names(at)
    walk.up("add_first_and_last_name")
    walk.run("CREATE VIEW public.in_the_way AS SELECT first_name FROM customers")
    with pytest.raises(DBAPIError, match="other objects depend on it"):
        walk.command("schema", "abort")
    for command in ("expand", "data run", "contract", f"data retry {NAMES}"):
        said = walk.command("schema", *command.split(), fails=True)
        assert "The way back over add_first_and_last_name was begun." in said
        assert "`flask db downgrade require_customer_profile` finishes it" in said
    assert "was begun" in walk.command("db", "upgrade", fails=True)
    assert "was begun" in walk.command("schema", "plan")
    walk.run("DROP VIEW public.in_the_way")
    walk.command("db", "downgrade", "require_customer_profile")
    walk.up("remove_name")
    assert set(walk.table("customers", "first_name").values()) == {"Ada"}


def test_an_expand_that_was_cut_short_is_undone_too(at: At) -> None:
    """S1: its trigger is there, its end was never noted."""
    walk = with_names(at)
    before = walk.shape()
    walk.up("add_first_and_last_name")
    walk.stamp("require_customer_profile")
    walk.run("COMMENT ON TABLE alembic_version IS 'add_first_and_last_name'")
    assert "split_customer_names is undone" in walk.command("schema", "abort")
    assert differences(before, walk.shape()) == []
    assert "nothing to abort" in walk.command("schema", "abort", fails=True)


def test_a_rename_whose_way_back_fails_has_done_nothing(at: At) -> None:
    """S9: the application writes what the older column has no room for."""
    walk = at("remove_points_column")
    walk.business("shop")
    walk.run(
        "INSERT INTO customers (business_id, id, email, email_norm, member_code, name_norm)"
        " VALUES ('shop', 'a', 'a', 'a', 'A', '')"
    )
    walk.run("ALTER TABLE customers ALTER COLUMN points_balance TYPE bigint")
    walk.run("UPDATE customers SET points_balance = 3000000000")
    before = walk.shape()
    refused = walk.command("db", "downgrade", "copy_points_to_balance", fails=True)
    assert "Values of customers.points_balance do not fit into integer" in refused
    assert differences(before, walk.shape()) == []
    assert "Next: `flask schema expand`" in walk.command("schema", "plan")


def test_a_rename_whose_way_back_meets_a_row_it_cannot_do_takes_all_back(at: At) -> None:
    """S9: nothing refuses the application's writes afterwards."""
    walk = at("remove_points_column")
    walk.business("shop")
    walk.run(
        "INSERT INTO customers (business_id, id, email, email_norm, member_code, name_norm)"
        " VALUES ('shop', 'a', 'a', 'a', 'A', ''), ('shop', 'b', 'b', 'b', 'B', '')"
    )
    walk.run(
        "CREATE FUNCTION public.fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'not b'; END $$"
    )
    walk.run(
        "CREATE TRIGGER fails BEFORE UPDATE ON customers FOR EACH ROW WHEN (NEW.id = 'b')"
        " EXECUTE FUNCTION public.fails()"
    )
    before = walk.shape()
    refused = walk.command("db", "downgrade", "copy_points_to_balance", fails=True)
    assert "1 row of customers cannot go back (shop/b: it could not be done: not b)" in refused
    assert "`flask db downgrade copy_points_to_balance` finishes it." in refused
    assert differences(before, walk.shape()) == []
    with walk.inside("shop") as till:
        till.execute("UPDATE customers SET points_balance = points_balance + 5 WHERE id = 'a'")
    walk.run("DROP TRIGGER fails ON customers")
    walk.command("db", "downgrade", "copy_points_to_balance")
    assert walk.table("customers", "points") == {"a": 5, "b": 0}


def test_a_row_that_was_set_aside_is_brought_back(at: At) -> None:
    """S6: before the contract and after it, with what a person says about it."""
    walk = at("add_business_id_to_tiers")
    walk.business("shop")
    walk.insert("loyalty_tiers", id="a", name="Gold", min_points=5, program_id="later")
    walk.insert("loyalty_tiers", id="b", name="Iron", min_points=7, program_id="later")
    walk.command("schema", "data", "run")
    bring = ("schema", "report", "populate_business_id_of_tiers", "--bring-back")
    again = walk.command(*bring, "a", fails=True)
    assert "a would be set aside again: there is no program with this id" in again
    assert walk.table("loyalty_tiers", "name") == {}
    program = {"name": "Club", "type": "POINTS", "currency": "EUR"}
    walk.insert("loyalty_programs", business_id="shop", id="later", **program)
    assert "a is in loyalty_tiers again" in walk.command(*bring, "a")
    assert walk.table("loyalty_tiers", "business_id") == {"a": "shop"}
    walk.up("remove_min_points_column")
    refused = walk.command(*bring, "b", fails=True)
    assert "has no column min_points now. Say `--without min_points`" in refused
    said = ("--without", "min_points", "--set", "required_points=7", "--set", "business_id=shop")
    walk.command(*bring, "b", *said)
    assert walk.table("loyalty_tiers", "business_id", "required_points") == {
        "a": ("shop", 5),
        "b": ("shop", 7),
    }
    assert "No row b of" in walk.command(*bring, "b", fails=True)
