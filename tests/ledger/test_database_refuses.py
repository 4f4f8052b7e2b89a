"""Books that do not add up are refused by the database, whoever writes them.

Ten points were given and four of them spent: the balance says 6 after entry number 2, the lot is
worth 10, 6 are left and 4 sit in it.
"""

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from flask import Flask
from psycopg import errors

from tests.conftest import Database
from tests.factories import Shop, make_customer, make_shop
from tests.ledger.books import books_of, give, spend, standing

Connection = psycopg.Connection[tuple[Any, ...]]

ENTRY = """
    INSERT INTO nx.point_transactions (business_id, id, customer_id, program_id, balance_id, seq,
      type, amount, balance, source_kind, source_id, occurred_at)
    SELECT '{business}', 'entry' || seq, '{customer}', '{program}', '{balance}', seq, 'ADJUSTED',
           amount, balance, 'test', 'test ' || seq, now()
    FROM (VALUES %s) AS given (seq, amount, balance)"""
LOT = """
    INSERT INTO nx.point_lots (business_id, id, balance_id, transaction_id, amount, worth,
      remaining, available_at)
    VALUES ('{business}', 'new', '{balance}', %s, now())"""
USE = """
    INSERT INTO nx.lot_uses (business_id, id, balance_id, debit_id, home_lot_id, lot_id, is_owed,
      amount)
    VALUES ('{business}', 'new', '{balance}', '{debit}', '{lot}', %s)"""
SAYS = "UPDATE nx.customer_balances SET balance = %s, last_seq = %s WHERE id = '{balance}'"


@dataclass(frozen=True)
class Refused:
    """Statements that are refused, by whom, and what is said."""

    trigger: str
    sentence: str
    statements: tuple[str, ...]


REFUSED = {
    "a balance that is changed alone": Refused(
        "customer_balances_add_up",
        "The balance {balance} says 7, its lots hold 6 and 0 are owed.",
        (SAYS % (7, 2),),
    ),
    "a number that no entry has": Refused(
        "customer_balances_add_up",
        "The balance {balance} says 6 after entry number 3, its last entry is number 2 and says 6.",
        (SAYS % (6, 3),),
    ),
    "a debt that nothing is owed for": Refused(
        "customer_balances_add_up",
        "The balance {balance} owes 0 and has 3 let off, its uses say 0 and 0.",
        ("UPDATE nx.customer_balances SET let_off = 3 WHERE id = '{balance}'",),
    ),
    "a balance that begins with points": Refused(
        "customer_balances_add_up_new",
        "The balance another says 9, its lots hold 0 and 0 are owed.",
        (
            "INSERT INTO nx.loyalty_programs (business_id, id, name, type, currency)"
            " VALUES ('{business}', 'other', 'Other', 'POINTS', 'EUR')",
            "INSERT INTO nx.customer_balances (business_id, id, customer_id, program_id, balance)"
            " VALUES ('{business}', 'another', '{customer}', 'other', 9)",
        ),
    ),
    "an entry that its balance does not know": Refused(
        "point_transactions_add_up",
        "The balance {balance} says 6 after entry number 2, its last entry is number 3 and says 8.",
        (ENTRY % "(3, 2, 8)",),
    ),
    "an entry that leaves out a number": Refused(
        "point_transactions_add_up",
        "The entry number 4 of the balance {balance} moves 1 and says 7, "
        "the one before it is not there.",
        (SAYS % (7, 4), ENTRY % "(4, 1, 7)", LOT % "'entry4', 1, 1, 1"),
    ),
    "an entry that adds up wrongly": Refused(
        "point_transactions_add_up",
        "The entry number 3 of the balance {balance} moves 1 and says 9, the one before it says 6.",
        (SAYS % (9, 3), ENTRY % "(3, 1, 9)", "UPDATE nx.point_lots SET remaining = 9, worth = 13,"
         " amount = 13 WHERE id = '{lot}'"),
    ),
    "an entry that adds up wrongly within one statement": Refused(
        "point_transactions_add_up",
        "The entry number 3 of the balance {balance} moves 1 and says 8, the one before it says 6.",
        (SAYS % (6, 4), ENTRY % "(4, -2, 6), (3, 1, 8)"),
    ),
    "a new lot of which something is missing": Refused(
        "point_lots_add_up_new",
        "The lot new is worth 3: 2 are left, 0 expired, and 0 sit in it.",
        (SAYS % (8, 4), ENTRY % "(3, 3, 9), (4, -1, 8)", LOT % "'entry3', 3, 3, 2"),
    ),
    "a lot of which something is taken alone": Refused(
        "point_lots_left",
        "The balance {balance} says 6, its lots hold 5 and 0 are owed.",
        ("UPDATE nx.point_lots SET remaining = 5, worth = 9 WHERE id = '{lot}'",),
    ),
    "a lot that is made worth less alone": Refused(
        "point_lots_add_up",
        "The lot {lot} is worth 9: 6 are left, 0 expired, and 4 sit in it.",
        ("UPDATE nx.point_lots SET worth = 9 WHERE id = '{lot}'",),
    ),
    "a use that its lot does not know": Refused(
        "lot_uses_add_up",
        "The lot {lot} is worth 10: 6 are left, 0 expired, and 5 sit in it.",
        (USE % "'{lot}', false, 1",),
    ),
    "a use that nobody is let off": Refused(
        "lot_uses_add_up",
        "The balance {balance} owes 0 and has 0 let off, its uses say 0 and 1.",
        (USE % "NULL, false, 1",),
    ),
    "a use that nobody owes": Refused(
        "lot_uses_add_up",
        "The balance {balance} owes 0 and has 0 let off, its uses say 1 and 0.",
        (USE % "NULL, true, 1",),
    ),
}  # fmt: skip


@pytest.fixture
def shop(app: Flask) -> Shop:
    return make_shop(app)


@pytest.fixture
def kept(app: Flask, shop: Shop, as_admin: Connection) -> dict[str, str]:
    """The ids of the books before anything is done to them."""
    customer = make_customer(app, shop)
    give(app, shop, customer, 10)
    spend(app, shop, customer, 4)
    row = as_admin.execute(
        "SELECT b.id, l.id, l.transaction_id, u.debit_id FROM customer_balances b"
        " JOIN point_lots l ON l.balance_id = b.id JOIN lot_uses u ON u.lot_id = l.id"
        " WHERE b.customer_id = %s",
        [customer],
    ).fetchone()
    assert row
    found = dict(zip(("balance", "lot", "credit", "debit"), row, strict=True))
    place = {"business": shop.business_id, "program": shop.program_id, "customer": customer}
    return {**found, **place}


@pytest.fixture
def write(database: Database, kept: dict[str, str]) -> Callable[..., None]:
    """Statements of the application's role in the business, and COMMIT."""

    def written(*statements: str) -> None:
        enter = "SET LOCAL app.business_id TO '{business}'"
        commit(database.app_url, kept, enter, *statements)

    return written


def commit(url: str, kept: dict[str, str], *statements: str) -> None:
    with closing(psycopg.connect(url)) as connection:
        for statement in statements:
            connection.execute(statement.format(**kept))  # type: ignore[arg-type]
        connection.commit()


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_books_that_do_not_add_up_are_refused(
    app: Flask, shop: Shop, kept: dict[str, str], write: Callable[..., None], case: Refused
) -> None:
    with pytest.raises(errors.CheckViolation) as refusal:
        write(*case.statements)
    said = refusal.value.diag
    assert said.message_primary == case.sentence.format(**kept)
    assert said.constraint_name == f"{said.table_name}_add_up"
    assert case.trigger.startswith(str(said.table_name))
    assert standing(app, shop, kept["customer"]).balance == 6


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
def test_it_is_this_trigger_that_refuses(
    write: Callable[..., None], as_admin: Connection, case: Refused
) -> None:
    """Without it the same statements pass: no other one hides that it does nothing."""
    ((table,),) = as_admin.execute(
        "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = %s", [case.trigger]
    ).fetchall()
    as_admin.execute(f"ALTER TABLE {table} DISABLE TRIGGER {case.trigger}")
    try:
        write(*case.statements)
    finally:
        as_admin.execute(f"ALTER TABLE {table} ENABLE TRIGGER {case.trigger}")


def test_every_trigger_refuses_something(app: Flask, as_admin: Connection) -> None:
    names = as_admin.execute(
        "SELECT t.tgname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " WHERE NOT t.tgisinternal AND p.proname LIKE 'check\\_%'"
    ).fetchall()
    assert {name for (name,) in names} == {case.trigger for case in REFUSED.values()}


def test_an_entry_has_one_lot(kept: dict[str, str], write: Callable[..., None]) -> None:
    with pytest.raises(errors.UniqueViolation, match="uq_point_lots_transaction_id"):
        write(LOT % "'{credit}', 10, 10, 10")


@pytest.mark.parametrize(
    "entries",
    [(ENTRY % "(4, -3, 5), (3, 2, 8)",), (ENTRY % "(3, 2, 8)", ENTRY % "(4, -3, 5)")],
    ids=["together", "one by one"],
)
def test_what_adds_up_passes_from_the_sum_to_its_parts(
    app: Flask,
    shop: Shop,
    kept: dict[str, str],
    write: Callable[..., None],
    entries: tuple[str, ...],
) -> None:
    """Two given and three spent, of the new lot and of the old one."""
    write(
        "UPDATE nx.customer_balances SET balance = 5, spendable = 5, last_seq = 4, "
        "lifetime_points = 10 WHERE id = '{balance}'",
        *entries,
        LOT % "'entry3', 2, 2, 0",
        "UPDATE nx.point_lots SET remaining = 5 WHERE id = '{lot}'",
        "INSERT INTO nx.lot_uses (business_id, id, balance_id, debit_id, home_lot_id, lot_id,"
        " amount) VALUES ('{business}', 'a', '{balance}', 'entry4', 'new', 'new', 2),"
        " ('{business}', 'b', '{balance}', 'entry4', '{lot}', '{lot}', 1)",
    )
    balance = standing(app, shop, kept["customer"])
    assert (balance.balance, balance.last_seq) == (5, 4)


def test_what_is_put_right_before_the_end_passes(
    app: Flask, shop: Shop, kept: dict[str, str], write: Callable[..., None]
) -> None:
    write(
        "UPDATE nx.point_lots SET worth = 9 WHERE id = '{lot}'",
        SAYS % (7, 3),
        SAYS % (6, 2),
        "UPDATE nx.point_lots SET worth = 10 WHERE id = '{lot}'",
    )
    assert standing(app, shop, kept["customer"]).balance == 6


def test_the_migrator_is_refused_as_well(database: Database, kept: dict[str, str]) -> None:
    with pytest.raises(errors.CheckViolation, match=f"The balance {kept['balance']} says 7"):
        commit(database.migrator_url, kept, SAYS % (7, 2))


@pytest.mark.parametrize(
    ("thing", "statement"),
    [
        ("balance", SAYS % (7, 2)),
        ("lot", "UPDATE nx.point_lots SET worth = 9 WHERE id = '{lot}'"),
    ],
)
def test_leaving_the_business_before_the_end_hides_nothing(
    kept: dict[str, str], write: Callable[..., None], thing: str, statement: str
) -> None:
    with pytest.raises(errors.CheckViolation, match=f"The {thing} {kept[thing]} is out of sight"):
        write(statement, "SET LOCAL app.business_id TO 'another'")


def test_books_that_were_wrong_before_can_be_worked_on_and_put_right(
    app: Flask,
    shop: Shop,
    kept: dict[str, str],
    write: Callable[..., None],
    as_admin: Connection,
) -> None:
    """A later revision that fills another column is not held up by them."""
    as_admin.execute("SET session_replication_role = replica")
    as_admin.execute("UPDATE point_lots SET remaining = 5 WHERE id = %s", [kept["lot"]])
    as_admin.execute("UPDATE customer_balances SET balance = 7 WHERE id = %s", [kept["balance"]])
    write(
        "UPDATE nx.point_lots SET expires_at = now() + interval '1 day', worth = worth",
        "UPDATE nx.customer_balances SET has_marks = true, balance = balance",
    )
    assert {problem.kind for problem in books_of(app, shop)} >= {"balance", "lots", "lot"}
    write(
        SAYS % (6, 2),
        "UPDATE nx.point_lots SET remaining = 6, expires_at = NULL WHERE id = '{lot}'",
    )
    assert books_of(app, shop) == []
