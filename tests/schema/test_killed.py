"""A schema change that is killed at any moment goes on when it is run again: nothing is done
twice, nothing is left out, and the shape is the one of a run that nobody disturbed."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.schema import killing
from tests.schema.conftest import Stock
from tests.schema.killing import Killer
from tests.schema.shape import Shape, differences
from tests.schema.walking import Walk

FIRST_SHAPE = "add_loyalty_system"
SHOPS = 3
CUSTOMERS, TO_FILL = 2_500, 10_000
"""In the chain, and in the one backfill."""
FILLED = ["email_norm member_code", "first_name last_name", "name_norm", "points_balance"]
"""What the data migrations change of a customer, in their order, once each."""
ROUNDS = 50


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_chain_goes_on(newest_stock: Stock, seed: int) -> None:
    chain(newest_stock, Killer(seed))


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_backfill_goes_on(newest_stock: Stock, seed: int) -> None:
    backfill(newest_stock, Killer(seed))


@pytest.mark.soak
@pytest.mark.parametrize("story", ["chain", "backfill"])
def test_killed_fifty_times_over_it_goes_on(
    newest_stock: Stock, story: str, capsys: pytest.CaptureFixture[str]
) -> None:
    play: Callable[[Stock, Killer], None] = {"chain": chain, "backfill": backfill}[story]
    kills = 0
    for number in range(1, ROUNDS + 1):
        killer = Killer(100 + number)
        play(newest_stock, killer)
        kills += killer.kills
        with capsys.disabled():
            sys.stdout.write(f"\r{story}: round {number} of {ROUNDS}, {kills} kills")


def chain(stock: Stock, killer: Killer) -> None:
    """From nothing to the first customers, and from those to the newest shape."""
    with _database(stock, "base") as walk:
        killer.strike(walk, 1, FIRST_SHAPE, "db", "upgrade", FIRST_SHAPE)
        killing.finish(walk, "db", "upgrade", FIRST_SHAPE)
        _move_in(walk, _AT_FIRST, CUSTOMERS)
        killing.watch(walk)
        for _ in range(3):
            killer.strike(walk, CUSTOMERS, "head", "db", "upgrade")
        killing.finish(walk, "db", "upgrade")
        updates = killing.watched(walk)
        assert len(updates) == CUSTOMERS
        for id_, changes in updates.items():
            assert changes == [*FILLED, *(["points_moved"] if _points(id_) else [])], id_
        _everything_arrived(walk)
        assert differences(_shape(stock, "head"), walk.shape()) == []


def backfill(stock: Stock, killer: Killer) -> None:
    """A column renamed by the commands, its rows filled by a runner that is killed."""
    with _database(stock, "index_customer_names") as walk:
        _move_in(walk, _BEFORE_RENAME, TO_FILL)
        killing.finish(walk, "schema", "expand")
        killing.watch(walk)
        for _ in range(3):
            killer.strike_while(walk, "copy_points_to_balance", TO_FILL, "schema", "data", "run")
        killing.finish(walk, "db", "upgrade", "copy_points_to_balance")
        updates = killing.watched(walk)
        assert len(updates) == TO_FILL
        assert {tuple(changes) for changes in updates.values()} == {("points_balance",)}
        run = walk.rows("SELECT * FROM data_migrations WHERE name = 'copy_points_to_balance'")[0]
        assert (run["status"], run["rows_done"]) == ("DONE", TO_FILL)
        killing.finish(walk, "schema", "contract")
        found = walk.table("customers", "points_balance")
        assert found == {id_: _points(id_) for id_ in found}
        assert differences(_shape(stock, "remove_points_column"), walk.shape()) == []


def _everything_arrived(walk: Walk) -> None:
    customers = walk.table(
        "customers", "first_name", "last_name", "name_norm", "email_norm", "member_code"
    )
    assert len(customers) == CUSTOMERS
    assert len({row[4] for row in customers.values()}) == CUSTOMERS
    for id_, (first, last, norm, email, _) in customers.items():
        number = int(id_[1:])
        name = (f"Zoë{number % 97}", f"Van Dam {number % 89}")
        assert (first, last, norm) == (*name, f"zoe{number % 97} van dam {number % 89}"), id_
        assert email == f"c{number}@example.com"
    words = walk.rows("SELECT count(*) AS n FROM customer_name_words")[0]["n"]
    assert words == 4 * CUSTOMERS
    entries = walk.rows(
        "SELECT customer_id, sum(amount) AS points, count(*) AS n FROM point_transactions"
        " WHERE source_kind = 'opening' GROUP BY customer_id"
    )
    assert {row["n"] for row in entries} == {1}
    assert {row["customer_id"]: row["points"] for row in entries} == {
        id_: _points(id_) for id_ in customers if _points(id_)
    }
    for shop in range(SHOPS):
        assert walk.problems(f"shop{shop}") == []
    states = walk.table("data_migrations", "status", key="name")
    assert set(states.values()) == {"DONE"}


def _points(id_: str) -> int:
    return int(id_[1:]) % 50


@contextmanager
def _database(stock: Stock, revision: str) -> Iterator[Walk]:
    walk = stock.at(revision)
    try:
        yield walk
    finally:
        stock.drop(walk)


def _shape(stock: Stock, revision: str) -> Shape:
    with _database(stock, revision) as walk:
        return walk.shape()


def _move_in(walk: Walk, customers: str, count: int) -> None:
    for shop in range(SHOPS):
        walk.business(f"shop{shop}")
    walk.run(customers, SHOPS, count)
    walk.run("ANALYZE customers")


_AT_FIRST = """
    INSERT INTO customers (business_id, id, name, email, points)
    SELECT 'shop' || n %% %s, 'c' || lpad(n::text, 8, '0'),
           ' Zoë' || n %% 97 || '  Van Dam ' || n %% 89, 'C' || n || '@Example.com', n %% 50
    FROM generate_series(1, %s) n"""
_BEFORE_RENAME = """
    INSERT INTO customers (business_id, id, email, email_norm, member_code, name_norm, points)
    SELECT 'shop' || n %% %s, 'c' || lpad(n::text, 8, '0'), n || '@x', n || '@x', 'M' || n, n,
           n %% 50
    FROM generate_series(1, %s) n"""
