"""What debits took of lots moves from the old uses to the new ones, and back."""

from typing import Any

from tests.schema.conftest import At
from tests.schema.walking import Walk

BEFORE = "index_fulfilled_redemptions"
THEN = "2026-01-01"


class Books:
    """One customer's balance as code wrote it that knew the old uses."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.seq, self.balance = walk, 0, 0
        walk.business("bakery")
        self.add("loyalty_programs", "p", name="Club", type="POINTS", currency="EUR")
        self.add("customers", "ada", email="ada", email_norm="ada", member_code="A")
        self.add("customer_balances", "b", customer_id="ada", program_id="p")

    def add(self, table: str, id_: str | None = None, **values: Any) -> None:
        known = {"id": id_} if id_ else {}
        self.walk.insert(table, business_id="bakery", **known, **values)

    def entry(
        self,
        type_: str,
        amount: int,
        kind: str,
        redemption: str | None = None,
        source: str | None = None,
    ) -> str:
        self.seq, self.balance = self.seq + 1, self.balance + amount
        self.add(
            "point_transactions",
            f"e{self.seq}",
            customer_id="ada",
            program_id="p",
            balance_id="b",
            seq=self.seq,
            type=type_,
            amount=amount,
            balance=self.balance,
            source_kind=kind,
            source_id=source or f"{kind} {self.seq}",
            redemption_id=redemption,
            occurred_at=THEN,
        )
        return f"e{self.seq}"

    def lot(self, id_: str, amount: int, remaining: int) -> None:
        entry = self.entry("EARNED", amount, "purchase")
        row = {"balance_id": "b", "transaction_id": entry, "amount": amount}
        self.add("point_lots", id_, **row, remaining=remaining, available_at=THEN)

    def use(self, lot: str, entry: str, amount: int) -> None:
        self.add("point_lot_uses", transaction_id=entry, lot_id=lot, amount=amount)

    def close(self, spendable: int, lifetime: int) -> None:
        self.walk.run(
            "UPDATE customer_balances SET balance = %s, spendable = %s, last_seq = %s,"
            " lifetime_points = %s",
            self.balance,
            spendable,
            self.seq,
            lifetime,
        )


def lots(walk: Walk) -> dict[str, tuple[int, int, int]]:
    return walk.table("point_lots", "worth", "remaining", "expired")


def test_uses_expiries_and_returns_are_told_apart(at: At) -> None:
    walk = at(BEFORE)
    books = Books(walk)
    books.lot("spent", 100, 70)  # 60 asked for, 30 of a cancelled one came back
    asked = books.entry("REDEEMED", -60, "redemption", "r1")
    books.use("spent", asked, 60)
    books.use("spent", books.entry("REFUNDED", 30, "redemption_back", "r1"), 30)
    books.lot("ended", 40, 0)
    books.use("ended", books.entry("EXPIRED", -40, "lot", source="ended:1767"), 40)
    books.lot("returned", 50, 0)  # 20 corrected by hand, the purchase voided for the rest
    books.use("returned", books.entry("ADJUSTED", -20, "adjustment"), 20)
    books.use("returned", books.entry("REFUNDED", -30, "purchase_voided"), 30)
    books.close(spendable=70, lifetime=190)
    expected = {"spent": (100, 70, 0), "ended": (40, 0, 40), "returned": (20, 0, 0)}
    for _ in range(2):
        walk.up()
        assert lots(walk) == expected
        assert walk.problems("bakery") == []
        walk.down(BEFORE)
        assert walk.table("point_lots", "remaining") == {"spent": 70, "ended": 0, "returned": 0}


def test_a_debt_of_old_code_is_owed_by_a_use(at: At) -> None:
    walk = at(BEFORE)
    books = Books(walk)
    books.lot("eaten", 100, 0)
    books.use("eaten", books.entry("REDEEMED", -100, "redemption", "r1"), 100)
    books.entry("REFUNDED", -100, "purchase_voided")
    books.close(spendable=0, lifetime=100)
    walk.up()
    (owed,) = walk.rows("SELECT amount, is_owed, lot_id FROM lot_uses WHERE lot_id IS NULL")
    assert (owed["amount"], owed["is_owed"]) == (100, True)
    assert walk.table("customer_balances", "balance", "owed") == {"b": (-100, 100)}
    assert walk.problems("bakery") == []


def test_what_old_code_spends_after_its_rows_were_filled_waits(at: At) -> None:
    walk = at(BEFORE)
    books = Books(walk)
    books.lot("a", 100, 100)
    books.close(spendable=100, lifetime=100)
    walk.up("fill_lot_uses")
    books.use("a", books.entry("REDEEMED", -40, "redemption", "r1"), 40)
    walk.run("UPDATE point_lots SET remaining = 60")
    books.close(spendable=60, lifetime=100)
    walk.again("fill_lot_uses")
    walk.up()
    assert lots(walk) == {"a": (100, 60, 0)}
    assert walk.problems("bakery") == []
