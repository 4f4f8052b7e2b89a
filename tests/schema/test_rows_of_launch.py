"""Balances of the launch's shape: a figure, and nothing that says how it came about."""

from tests.schema.conftest import At
from tests.schema.walking import Walk

LAUNCH = "add_loyalty_system"


def launched(at: At) -> Walk:
    walk = at(LAUNCH)
    walk.business("shop")
    club = {"name": "Club", "type": "POINTS", "currency": "EUR"}
    walk.insert("loyalty_programs", business_id="shop", id="p", **club)
    return walk


def balance(walk: Walk, id_: str, points: int, lifetime: int, spendable: int | None = None) -> None:
    walk.insert("customers", business_id="shop", id=id_, email=f"{id_}@x")
    there = points if spendable is None else spendable
    figures = {"balance": points, "spendable": there, "lifetime_points": lifetime}
    walk.insert(
        "customer_balances", business_id="shop", id=f"b {id_}", customer_id=id_, program_id="p",
        **figures,
    )  # fmt: skip


def entry(walk: Walk, id_: str, seq: int, amount: int, says: int) -> None:
    walk.insert(
        "point_transactions", business_id="shop", id=f"e {id_} {seq}", customer_id=id_,
        program_id="p", balance_id=f"b {id_}", seq=seq, amount=amount, balance=says,
        type="EARNED" if amount > 0 else "REDEEMED", source_kind="till", source_id=f"{id_} {seq}",
        occurred_at="2026-01-01",
    )  # fmt: skip
    walk.run("UPDATE customer_balances SET last_seq = %s WHERE id = %s", seq, f"b {id_}")


def test_each_balance_gets_its_entry_and_a_lot_without_an_end(at: At) -> None:
    """S12: the points can be spent, and the books add up; also after going back and up again."""
    walk = launched(at)
    balance(walk, "ada", 100, 0)
    balance(walk, "bea", 100, 100, spendable=40)
    balance(walk, "cas", 70, 100)
    balance(walk, "dan", 0, 50)
    balance(walk, "eve", 0, 0)
    balance(walk, "fay", 30, 90)  # its entries say how it came about
    entry(walk, "fay", 1, 90, 90)
    entry(walk, "fay", 2, -60, 30)
    balance(walk, "gus", 45, 0)  # its entries say some of it
    entry(walk, "gus", 1, 20, 20)
    walk.run("UPDATE customer_balances SET lifetime_points = 20 WHERE id = 'b gus'")
    walk.up()
    for _ in range(2):
        assert walk.problems("shop") == []
        rows = walk.rows(
            "SELECT * FROM point_transactions WHERE source_kind = 'launch' ORDER BY 1, seq"
        )
        found: dict[str, list[tuple[str, int]]] = {}
        for row in rows:
            found.setdefault(row["customer_id"], []).append((row["type"], row["amount"]))
        assert found == {
            "ada": [("ADJUSTED", 100)],
            "bea": [("EARNED", 100)],
            "cas": [("EARNED", 100), ("ADJUSTED", -30)],
            "dan": [("EARNED", 50), ("ADJUSTED", -50)],
            "gus": [("ADJUSTED", 25)],
        }
        lots = walk.rows("SELECT balance_id, remaining, expires_at FROM point_lots ORDER BY 1")
        assert [tuple(lot.values()) for lot in lots] == [
            (f"b {id_}", points, None)
            for id_, points in (("ada", 100), ("bea", 100), ("cas", 70), ("fay", 30), ("gus", 45))
        ]
        spendable = walk.table("customer_balances", "spendable")
        assert spendable["b bea"] == 100
        walk.down(walk.before("open_launch_balances"))
        walk.up()
