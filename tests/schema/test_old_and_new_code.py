"""Old and new code at work on one table while a column is renamed: whatever they do, and in
whatever order, both columns say the same and no point is lost."""

import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nxloy_web.schema import batches, runner
from nxloy_web.schema.refusals import Refused
from tests.schema import new_writer, old_writer
from tests.schema.conftest import At, Stock
from tests.schema.walking import Connection, Walk, revision_module

BEFORE, EXPAND, DATA, CONTRACT = (
    "index_customer_names",
    "add_points_balance_column",
    "copy_points_to_balance",
    "remove_points_column",
)
SHOPS = ("shop1", "shop2")
CODES = {"old": old_writer, "new": new_writer}
PER_SHOP = 60

amounts = st.integers(-1000, 1000)
codes = st.sampled_from(["old", "new"])
customers = st.sampled_from(["c1", "c2", "c3"])
begun_with = st.none() | amounts
statements = st.lists(
    st.one_of(
        st.tuples(st.just("add"), codes, customers, amounts),
        st.tuples(st.just("put"), codes, customers, amounts),
        st.tuples(st.just("visit"), codes, customers, st.none()),
        st.tuples(st.just("join"), codes, st.none(), begun_with),
        st.tuples(st.just("dual"), st.just("new"), customers, amounts),
        st.tuples(st.just("naive"), st.just("new"), customers, amounts),
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def half_way(newest_stock: Stock) -> Iterator[Walk]:
    """Expanded, with three customers whom nobody has written since."""
    walk = newest_stock.at(BEFORE)
    walk.business("shop1")
    with walk.inside("shop1") as connection:
        for number in (1, 2, 3):
            old_writer.join(connection, "shop1", f"c{number}", 100 * number)
    walk.up(EXPAND)
    yield walk
    newest_stock.drop(walk)


@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(written=statements)
def test_both_columns_say_the_same_after_any_statements(
    half_way: Walk, written: list[tuple[str, str, str | None, int | None]]
) -> None:
    with half_way.inside("shop1") as connection:
        expected = {"c1": 100, "c2": 200, "c3": 300}
        touched = set[str]()
        for number, (what, code, id_, amount) in enumerate(written):
            id_ = id_ or f"joined{number}"
            with _unfilled_refuses(connection, what == "naive" and id_ not in touched) as refused:
                _write(connection, what, code, id_, amount)
            if not refused:
                touched.add(id_)
                expected[id_] = _expected(what, expected.get(id_, 0), amount)
            found = connection.execute("SELECT id, points, points_balance FROM customers")
            for key, points, balance in found.fetchall():
                assert points == expected[key]
                assert balance == (expected[key] if key in touched else None)
        connection.rollback()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_point_is_lost_between_the_steps_and_back(
    at: At, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    with ExitStack() as stack:
        shop = Shop(at(BEFORE), random.Random(seed), stack)
        for size in ("FIRST_BATCH", "SMALLEST", "LARGEST"):
            monkeypatch.setattr(batches, size, 7)
        shop.open()
        shop.work(40, "old")
        shop.walk.up(EXPAND)
        shop.work(20, "old", "new")
        shop.is_right("points", filled=False)
        migration = revision_module(DATA).MIGRATION
        address = runner.address(shop.walk.url("migrator"))
        runner.run(address, migration, watch=lambda state: shop.work(3, "old", "new"))
        shop.walk.up(DATA)
        shop.work(20, "old", "new")
        shop.is_right("points", "points_balance")
        with pytest.raises(Refused, match=r"older version .* still connected .nxloy/0\.0\.9/web"):
            shop.walk.up(CONTRACT)
        shop.work(20, "old", "new")
        shop.is_right("points", "points_balance")
        shop.leave("old")
        shop.walk.up(CONTRACT)
        shop.work(40, "new")
        shop.is_right("points_balance")
        # The way back: new code was a mistake.
        shop.walk.down(DATA)
        shop.work(40, "old", "new")
        shop.is_right("points", "points_balance")
        shop.leave("new")
        shop.walk.down(BEFORE)
        shop.work(40, "old")
        shop.is_right("points")
        shop.leave("old")
        shop.walk.up(CONTRACT)
        shop.work(40, "new")
        shop.is_right("points_balance")


@dataclass
class Shop:
    """Two businesses, people of each code at work in them, and the points that they agreed on."""

    walk: Walk
    chance: random.Random
    stack: ExitStack
    points: dict[tuple[str, str], int] = field(default_factory=dict)
    connections: dict[str, Connection] = field(default_factory=dict)

    def open(self) -> None:
        for shop in SHOPS:
            self.walk.business(shop)
            with self.walk.inside(shop) as connection:
                for number in range(PER_SHOP):
                    old_writer.join(connection, shop, f"c{number}", number)
                    self.points[shop, f"c{number}"] = number

    def work(self, statements: int, *codes: str) -> None:
        for _ in range(statements):
            code = self.chance.choice(codes)
            shop, id_ = self.chance.choice(list(self.points))
            what = self.chance.choice(["add", "add", "add", "put", "visit", "join"])
            amount: int | None = self.chance.randint(-50, 50)
            if what == "join":
                id_ = f"{code}{len(self.points)}"
                amount = self.chance.choice([None, amount])
            with self._connected(code).transaction():
                CODES[code].enter(self.connections[code], shop)
                _write(self.connections[code], what, code, id_, amount, shop)
            self.points[shop, id_] = _expected(what, self.points.get((shop, id_), 0), amount)

    def leave(self, code: str) -> None:
        self.connections.pop(code).close()

    def is_right(self, *columns: str, filled: bool = True) -> None:
        """What is in the columns is what was agreed on; before the rows are filled, an empty new
        column is right too."""
        for column in columns:
            found = self.walk.rows(f"SELECT business_id, id, {column} AS points FROM customers")
            assert {(r["business_id"], r["id"]): r["points"] for r in found} == self.points
        if not filled:
            wrong = "points_balance IS NOT NULL AND points_balance <> points"
            assert self.walk.rows(f"SELECT id FROM customers WHERE {wrong}") == []

    def _connected(self, code: str) -> Connection:
        if code not in self.connections:
            connection = psycopg.connect(
                self.walk.url("app"), autocommit=True, application_name=CODES[code].APPLICATION
            )
            self.connections[code] = self.stack.enter_context(connection)
        return self.connections[code]


def _write(
    connection: Connection,
    what: str,
    code: str,
    id_: str,
    amount: int | None,
    shop: str = "shop1",
) -> None:
    writer: Any = CODES[code]
    if what == "dual":
        connection.execute(
            "UPDATE customers SET points = %s, points_balance = %s WHERE id = %s",
            [amount, amount, id_],
        )
    elif what == "naive":
        connection.execute(
            "UPDATE customers SET points_balance = points_balance + %s WHERE id = %s",
            [amount, id_],
        )
    else:
        act: Callable[..., object] = getattr(writer, what)
        act(connection, shop, id_, *([] if what == "visit" else [amount]))


def _expected(what: str, before: int, amount: int | None) -> int:
    if what in ("put", "dual", "join"):
        return amount or 0
    return before if what == "visit" else before + (amount or 0)


@contextmanager
def _unfilled_refuses(connection: Connection, refuses: bool) -> Iterator[bool]:
    """A sum that starts from an empty column is an error for whoever asks, not a lost point."""
    if not refuses:
        yield False
        return
    with (
        pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="not filled yet"),
        connection.transaction(),
    ):
        yield True
