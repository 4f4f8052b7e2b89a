"""What can move is found by indexes, however much a customer has had before."""

from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select, text

from nxloy_web.db import db
from nxloy_web.tables.points import CustomerBalance
from tests.factories import NOON, inside, make_customer, make_shop
from tests.ledger.books import Kept

Admin = psycopg.Connection[tuple[Any, ...]]

_PAST = (
    """
    INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq, type,
                                    amount, balance, source_kind, source_id, part, occurred_at)
    SELECT business_id, id || kind || n, customer_id, program_id, id, 20 * n + change, type,
           change, 5, 'test', kind || n, 0, now()
    FROM customer_balances, generate_series(1, :past) AS n,
         (VALUES ('bought', 5, 'EARNED'), ('eaten', -5, 'REDEEMED')) AS acts (kind, change, type)
    WHERE id = :balance_id
    """,
    """
    INSERT INTO point_lots
        (business_id, id, balance_id, transaction_id, amount, worth, remaining, available_at)
    SELECT business_id, id || n, id, id || 'bought' || n, 5, 5, 0, now()
    FROM customer_balances, generate_series(1, :past) AS n WHERE id = :balance_id
    """,
    """
    INSERT INTO lot_uses (business_id, id, balance_id, debit_id, home_lot_id, lot_id, amount)
    SELECT business_id, id || n, id, id || 'eaten' || n, id || n, id || n, 5
    FROM customer_balances, generate_series(1, :past) AS n WHERE id = :balance_id
    """,
)


def make_past(customer_id: str, program_id: str, past: int) -> str:
    """So many purchases, each eaten by a reward of its own; the balance's id."""
    Kept(customer_id, program_id).credit("first", 1_000, NOON)
    balance_id = db.session.scalars(
        select(CustomerBalance.id).where(CustomerBalance.customer_id == customer_id)
    ).one()
    for statement in _PAST:
        db.session.execute(text(statement), {"balance_id": balance_id, "past": past})
    db.session.execute(
        text("UPDATE customer_balances SET last_seq = 20 * :past + 5 WHERE id = :balance_id"),
        {"balance_id": balance_id, "past": past},
    )
    db.session.commit()
    return balance_id


def scans() -> int:
    """How often a table of the ledger was read from end to end in this transaction."""
    tables = ("point_transactions", "point_lots", "lot_uses")
    counted = text(
        "SELECT sum(seq_scan) FROM pg_stat_xact_user_tables WHERE relname = ANY (:tables)"
    )
    return int(db.session.scalar(counted, {"tables": list(tables)}) or 0)


def test_thousands_of_past_rewards_are_not_read(app: Flask, as_admin: Admin) -> None:
    """One condition with OR over three indexes read every use and every entry there is."""
    shop = make_shop(app)
    for past in (200,) * 10:
        with inside(app, shop):
            make_past(make_customer(app, shop), shop.program_id, past)
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        balance_id = make_past(customer_id, shop.program_id, 2_000)
    as_admin.execute("ANALYZE lot_uses, point_lots, point_transactions, customer_balances")
    with inside(app, shop):
        ledger = Kept(customer_id, shop.program_id)
        ledger.reverse("bought7", NOON)
        ledger.come_back("eaten9", NOON)
        ledger.credit("next", 10, NOON)
        assert scans() == 0
        balance = db.session.get_one(CustomerBalance, (shop.business_id, balance_id))
        assert balance.balance == 1_000 - 5 + 5 + 10
        db.session.rollback()
