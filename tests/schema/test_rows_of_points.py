"""Points on the customer get another name, and then move into the ledger."""

import random
from typing import Any

import psycopg
import pytest

from nxloy_web.db.ids import is_id
from nxloy_web.schema.refusals import Refused
from tests.schema import new_writer, old_writer
from tests.schema.conftest import At
from tests.schema.walking import Walk

DATA = "move_points_to_ledger"
EXPAND = "add_points_moved_column"
CONTRACT = "remove_points_balance_column"


class Shop:
    """A shop whose customers' points are written by old and new code, and what they should be."""

    def __init__(self, walk: Walk, seed: int) -> None:
        self.walk, self.chance = walk, random.Random(seed)
        self.points: dict[str, int] = {}
        walk.business("bakery")

    def trade(self, *writers: Any, times: int = 60) -> None:
        with psycopg.connect(self.walk.url("app"), autocommit=True) as connection:
            for _ in range(times):
                with connection.transaction():
                    old_writer.enter(connection, "bakery")
                    self._one(self.chance.choice(writers), connection)

    def _one(self, writer: Any, connection: Any) -> None:
        amount = self.chance.randrange(-50, 100)
        act = self.chance.choice(["join", "join with none", "add", "add", "put", "visit"])
        if act.startswith("join") or not self.points:
            id_ = f"c{len(self.points):023}"
            given = None if act == "join with none" else amount
            writer.join(connection, "bakery", id_, given)
            self.points[id_] = given or 0
            return
        id_ = self.chance.choice(sorted(self.points))
        if act == "add":
            self.points[id_] += amount
            assert writer.add(connection, "bakery", id_, amount) == self.points[id_]
        elif act == "put":
            self.points[id_] = amount
            writer.put(connection, "bakery", id_, amount)
        else:
            writer.visit(connection, "bakery", id_)

    def look(self, *columns: str) -> None:
        """Every row, in every column there is."""
        for column in columns:
            assert self.walk.table("customers", column) == self.points, column


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_write_is_lost_while_points_are_renamed(at: At, seed: int) -> None:
    walk = at("index_customer_names")
    shop = Shop(walk, seed)
    shop.trade(old_writer)
    for _ in range(2):
        walk.up("add_points_balance_column")
        shop.trade(old_writer, new_writer)
        shop.look("points", "coalesce(points_balance, points)")
        walk.up("copy_points_to_balance")
        shop.trade(old_writer, new_writer)
        shop.look("points", "points_balance")
        walk.up("remove_points_column")
        shop.trade(new_writer)
        shop.look("points_balance")
        walk.down("copy_points_to_balance")
        shop.trade(old_writer, new_writer)
        shop.look("points", "points_balance")
        walk.down("index_customer_names")
        shop.trade(old_writer)
        shop.look("points")


# --- into the ledger ----------------------------------------------------------------------------


def program(walk: Walk, business: str, id_: str, **more: Any) -> None:
    row = {"id": id_, "name": id_, "type": "POINTS", "currency": "EUR", "status": "ACTIVE"}
    walk.insert("loyalty_programs", business_id=business, **row | more)


def customer(walk: Walk, business: str, id_: str, points: int, **more: Any) -> None:
    row = {"email": id_, "email_norm": id_, "member_code": id_, "points_balance": points}
    walk.insert("customers", business_id=business, id=id_, **row | more)


def balance(walk: Walk, business: str, customer_id: str, program_id: str, *amounts: int) -> None:
    """A balance as the ledger keeps it: credits that open lots, debits that use the first."""
    at, lot, spendable, earned = {"business_id": business}, "", 0, 0
    id_ = f"balance of {customer_id}"
    walk.insert("customer_balances", **at, id=id_, customer_id=customer_id, program_id=program_id)
    for seq, amount in enumerate(amounts, start=1):
        entry = f"{id_} {seq}"
        walk.insert(
            "point_transactions",
            **at,
            id=entry,
            customer_id=customer_id,
            program_id=program_id,
            balance_id=id_,
            seq=seq,
            type="EARNED" if amount > 0 else "ADJUSTED",
            amount=amount,
            balance=sum(amounts[:seq]),
            source_kind="test",
            source_id=entry,
            occurred_at="2026-01-01",
        )
        if amount > 0:
            lot, spendable, earned = entry, spendable + amount, earned + amount
            row = {"amount": amount, "remaining": amount, "available_at": "2026-01-01"}
            walk.insert("point_lots", **at, id=lot, balance_id=id_, transaction_id=entry, **row)
        else:
            use(walk, business, lot, entry, min(-amount, spendable))
            spendable = max(0, spendable + amount)
    walk.run(
        "UPDATE customer_balances SET balance = %s, spendable = %s, last_seq = %s,"
        " lifetime_points = %s WHERE id = %s",
        sum(amounts),
        spendable,
        len(amounts),
        earned,
        id_,
    )


def use(walk: Walk, business: str, lot: str, entry: str, amount: int) -> None:
    row = {"business_id": business, "lot_id": lot, "transaction_id": entry, "amount": amount}
    walk.insert("point_lot_uses", **row)
    walk.run("UPDATE point_lots SET remaining = remaining - %s WHERE id = %s", amount, lot)


def spend(walk: Walk, customer_id: str, amount: int) -> None:
    """New code takes points out of the opening lot."""
    (found,) = walk.rows(
        "SELECT b.*, l.id AS lot FROM customer_balances b JOIN point_lots l ON l.balance_id = b.id"
        " JOIN point_transactions t ON t.id = l.transaction_id"
        " WHERE b.customer_id = %s AND t.source_kind = 'opening' AND l.remaining >= %s",
        customer_id,
        amount,
    )
    entry = f"spent {customer_id} {found['last_seq'] + 1}"
    walk.insert(
        "point_transactions",
        business_id=found["business_id"],
        id=entry,
        customer_id=customer_id,
        program_id=found["program_id"],
        balance_id=found["id"],
        seq=found["last_seq"] + 1,
        type="REDEEMED",
        amount=-amount,
        balance=found["balance"] - amount,
        source_kind="test",
        source_id=entry,
        occurred_at="2026-01-01",
    )
    use(walk, found["business_id"], found["lot"], entry, amount)
    walk.run(
        "UPDATE customer_balances SET balance = balance - %s, spendable = spendable - %s,"
        " last_seq = last_seq + 1 WHERE id = %s",
        amount,
        amount,
        found["id"],
    )


BUSINESSES = ("bakery", "florist", "grocer", "barber")
MOVED = {  # the balance, and what of it can be spent
    "plain": (100, 100),
    "has some": (100, 100),
    "in debt": (70, 70),
    "deep in debt": (-20, 0),
    "deleted": (25, 25),
    "lapsing": (50, 50),
    "of florist": (5, 5),
    "of grocer": (6, 6),
}


def everybody(walk: Walk) -> None:
    for name in BUSINESSES:
        walk.business(name, currency="CHF" if name == "florist" else "EUR")
    program(walk, "bakery", "draft", status="DRAFT", created_at="2020-01-01")
    program(walk, "bakery", "elder", created_at="2021-01-01")
    program(walk, "bakery", "younger", created_at="2022-01-01")
    program(walk, "grocer", "closed", deleted_at="2022-01-01")
    customer(walk, "bakery", "plain", 100)
    customer(walk, "bakery", "zero", 0)
    customer(walk, "bakery", "has some", 60)
    balance(walk, "bakery", "has some", "elder", 50, -10)
    customer(walk, "bakery", "in debt", 100)
    balance(walk, "bakery", "in debt", "elder", 20, -50)
    customer(walk, "bakery", "deep in debt", 10)
    balance(walk, "bakery", "deep in debt", "elder", 20, -50)
    customer(walk, "bakery", "deleted", 25, deleted_at="2026-02-02")
    customer(walk, "bakery", "lapsing", 10, created_at="2025-01-01")
    balance(walk, "bakery", "lapsing", "elder", 40)
    lapsed = "2026-03-03"  # and nobody has looked since
    walk.run("UPDATE point_lots SET expires_at = %s WHERE balance_id LIKE '%%lapsing'", lapsed)
    walk.run(
        "UPDATE customer_balances SET next_change_at = %s WHERE customer_id = 'lapsing'", lapsed
    )
    customer(walk, "florist", "of florist", 5)
    customer(walk, "grocer", "of grocer", 6)
    customer(walk, "barber", "of barber", 0)


def balances(walk: Walk) -> dict[str, Any]:
    return walk.table("customer_balances", "balance", "spendable", key="customer_id")


def assert_sound(walk: Walk) -> None:
    assert {name: walk.problems(name) for name in BUSINESSES} == {n: [] for n in BUSINESSES}


def test_points_become_an_opening_entry_of_the_default_program(on_both: At) -> None:
    walk = on_both("add_point_lots")
    everybody(walk)
    walk.up()
    assert walk.reports(DATA) == {}
    assert balances(walk) == MOVED
    assert_sound(walk)

    programs = walk.table("loyalty_programs", "business_id", "id", "name", "status", "currency")
    made = {row for row in programs.values() if row[2] == "Points"}
    assert {row[::2][:2] + row[3:] for row in made} == {
        ("florist", "Points", "ACTIVE", "CHF"),
        ("grocer", "Points", "ACTIVE", "EUR"),
    }
    opened = walk.rows("SELECT * FROM point_transactions WHERE source_kind = 'opening'")
    assert {row["customer_id"]: row["amount"] for row in opened} == {
        "plain": 100,
        "has some": 60,
        "in debt": 100,
        "deep in debt": 10,
        "deleted": 25,
        "lapsing": 10,
        "of florist": 5,
        "of grocer": 6,
    }
    assert {row["program_id"] for row in opened if row["business_id"] == "bakery"} == {"elder"}
    assert {(row["type"], row["description"]) for row in opened} == {
        ("ADJUSTED", "Opening balance")
    }
    new = [row["id"] for row in opened] + [row[1] for row in made]
    new += [b for b in walk.table("customer_balances", "id") if not b.startswith("balance of")]
    assert len(new) == len(set(new)) - 0
    assert all(is_id(id_) for id_ in new), new

    walk.down(EXPAND)
    original = {"plain": 100, "zero": 0, "has some": 60, "deleted": 25, "lapsing": 10}
    original |= {"of florist": 5, "of grocer": 6, "of barber": 0}
    # What paid a debt has moved for good.
    columns = original | {"in debt": 70, "deep in debt": 0}
    assert walk.table("customers", "points_balance") == columns
    assert set(walk.table("customers", "points_moved").values()) == {0}
    assert balances(walk)["plain"] == (0, 0)
    walk.down("add_point_lots")
    assert walk.table("customers", "points_balance") == columns
    walk.up()
    assert balances(walk) == MOVED
    assert_sound(walk)


def test_old_code_writes_after_the_points_have_moved(at: At) -> None:
    walk = at("add_point_lots")
    walk.business("bakery")
    for id_ in ("credit", "debit", "too much", "spent too", "twice", "quiet"):
        customer(walk, "bakery", id_, 100)
    customer(walk, "bakery", "negative", -40)
    walk.up(DATA)
    reason = (
        "points_balance is {}, {} have moved, and the opening entry does not hold the difference"
    )
    waiting = {"negative": ("WAITING", reason.format(-40, 0))}
    assert walk.reports(DATA) == waiting

    def old_code(id_: str, amount: int) -> None:
        with walk.inside("bakery") as bakery:
            bakery.execute(
                "UPDATE customers SET points_balance = points_balance + %s WHERE id = %s",
                [amount, id_],
            )

    spend(walk, "spent too", 30)
    for id_, amount in (
        ("credit", 20),
        ("debit", -30),
        ("too much", -130),
        ("spent too", -90),
        ("twice", 5),
        ("twice", -20),
    ):
        old_code(id_, amount)
    with pytest.raises(Refused, match=f"6 rows of {DATA} wait for a decision"):
        walk.up(CONTRACT)
    walk.again(DATA)
    waiting["too much"] = ("WAITING", reason.format(-30, 100))
    waiting["spent too"] = ("WAITING", reason.format(10, 100))
    assert walk.reports(DATA) == waiting
    assert {id_: b for id_, (b, _) in balances(walk).items()} == {
        "credit": 120,
        "debit": 70,
        "too much": 100,
        "spent too": 70,
        "twice": 85,
        "quiet": 100,
    }
    old_code("twice", 15)  # and once more
    walk.again(DATA)
    with pytest.raises(Refused, match=f"3 rows of {DATA} wait for a decision"):
        walk.up(CONTRACT)
    # Somebody decides: the debt is forgiven, the double spending is met by the shop.
    walk.run("UPDATE customers SET points_balance = 0 WHERE id IN ('negative', 'too much')")
    walk.run("UPDATE customers SET points_balance = 30 WHERE id = 'spent too'")
    walk.again(DATA)
    assert walk.reports(DATA) == {}
    walk.up()
    final = {"credit": 120, "debit": 70, "too much": 0, "spent too": 0, "twice": 100, "quiet": 100}
    assert {id_: b for id_, (b, _) in balances(walk).items()} == final
    assert walk.problems("bakery") == []


def test_points_spent_since_are_not_given_back_by_going_back(at: At) -> None:
    walk = at("add_point_lots")
    walk.business("bakery")
    customer(walk, "bakery", "ada", 100)
    walk.up(CONTRACT)
    spend(walk, "ada", 30)
    walk.down(DATA)
    assert walk.table("customers", "points_balance", "points_moved") == {"ada": (70, 70)}
    with walk.inside("bakery") as bakery:
        bakery.execute("UPDATE customers SET points_balance = points_balance + 5")
    walk.down(EXPAND)
    assert walk.table("customers", "points_balance", "points_moved") == {"ada": (75, 0)}
    assert balances(walk) == {"ada": (0, 0)}
    walk.up(CONTRACT)
    assert balances(walk) == {"ada": (75, 75)}
    spend(walk, "ada", 75)
    walk.up()
    assert walk.problems("bakery") == []


def test_how_much_has_moved_is_not_forgotten(at: At) -> None:
    """S1: what a data migration did that was cut short is undone first, or the same points would
    move a second time."""
    walk = at("add_point_lots")
    walk.business("bakery")
    customer(walk, "bakery", "ada", 100)
    walk.up(DATA)
    walk.stamp(EXPAND)  # as if the data migration had been cut short
    walk.down("add_point_lots")
    assert walk.table("customers", "points_balance") == {"ada": 100}
    assert balances(walk) == {"ada": (0, 0)}
    walk.up(DATA)
    assert balances(walk) == {"ada": (100, 100)}


def test_the_default_program_may_change_between_two_runs(at: At) -> None:
    walk = at("add_point_lots")
    walk.business("bakery")
    program(walk, "bakery", "first", created_at="2021-01-01")
    program(walk, "bakery", "second", created_at="2022-01-01")
    customer(walk, "bakery", "ada", 100)
    walk.up(DATA)
    walk.run("UPDATE loyalty_programs SET status = 'ARCHIVED' WHERE id = 'first'")
    walk.run("UPDATE customers SET points_balance = 110")
    walk.again(DATA)
    walk.up()
    assert walk.table("customer_balances", "balance", key="program_id") == {
        "first": 100,
        "second": 10,
    }
    assert walk.problems("bakery") == []
