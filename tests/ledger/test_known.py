"""What can move is found by indexes, however much a customer has had before."""

from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select, text

from nxloy_web.actors import SYSTEM
from nxloy_web.db import db
from nxloy_web.ledger import known, service
from nxloy_web.ledger.account import Account
from nxloy_web.ledger.causes import Cause
from nxloy_web.tables.points import CustomerBalance, TransactionType
from tests.factories import NOON, inside, make_customer, make_shop
from tests.ledger.books import Kept

Admin = psycopg.Connection[tuple[Any, ...]]

_PAST = (
    """
    INSERT INTO nx.point_transactions
        (business_id, id, customer_id, program_id, balance_id, seq, type, amount, balance,
         source_kind, source_id, part, occurred_at)
    SELECT business_id, id || kind || n, customer_id, program_id, id, 20 * n + change, type,
           change, 1000 + least(change, 0), 'test', kind || n, 0, now()
    FROM nx.customer_balances, generate_series(1, %(past)s) AS n,
         (VALUES ('bought', 5, 'EARNED'), ('eaten', -5, 'REDEEMED')) AS acts (kind, change, type)
    WHERE id = %(balance_id)s
    """,
    """
    INSERT INTO nx.point_lots
        (business_id, id, balance_id, transaction_id, amount, worth, remaining, available_at)
    SELECT business_id, id || n, id, id || 'bought' || n, 5, 5, 0, now()
    FROM nx.customer_balances, generate_series(1, %(past)s) AS n WHERE id = %(balance_id)s
    """,
    """
    INSERT INTO nx.lot_uses (business_id, id, balance_id, debit_id, home_lot_id, lot_id, amount)
    SELECT business_id, id || n, id, id || 'eaten' || n, id || n, id || n, 5
    FROM nx.customer_balances, generate_series(1, %(past)s) AS n WHERE id = %(balance_id)s
    """,
)


def make_past(admin: Admin, customer_id: str, program_id: str, past: int) -> str:
    """So many purchases, each eaten by a reward of its own; the balance's id."""
    Kept(customer_id, program_id).credit("first", 1_000, NOON)
    balance_id = db.session.scalars(
        select(CustomerBalance.id).where(CustomerBalance.customer_id == customer_id)
    ).one()
    db.session.commit()
    given = {"balance_id": balance_id, "past": past}
    # Past what refuses wrong books: so many entries are not made one after the other.
    admin.execute("SET session_replication_role = replica")
    for statement in _PAST:
        admin.execute(statement, given)
    admin.execute(
        "UPDATE nx.customer_balances SET last_seq = 20 * %(past)s + 5 WHERE id = %(balance_id)s",
        given,
    )
    admin.execute("RESET session_replication_role")
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
            make_past(as_admin, make_customer(app, shop), shop.program_id, past)
    customer_id = make_customer(app, shop)
    with inside(app, shop):
        balance_id = make_past(as_admin, customer_id, shop.program_id, 2_000)
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


def test_only_what_can_move_is_taken_up(app: Flask) -> None:
    """Of the lots: those with something left and those that a moved use touches. Nothing of
    another balance, though a source of another kind has the same name."""
    shop = make_shop(app)
    customer_id, other_id = make_customer(app, shop), make_customer(app, shop)
    with inside(app, shop):
        ledger, other = Kept(customer_id, shop.program_id), Kept(other_id, shop.program_id)
        for key in ("eaten", "moved"):
            ledger.credit(key, 10, NOON)
            ledger.spend(f"reward of {key}", 10, NOON)
        ledger.credit("seat", 10, NOON)
        ledger.reverse("moved", NOON)
        ledger.credit("left", 10, NOON)
        ledger.credit("back", 10, NOON)
        ledger.spend("reward of left", 10, NOON)
        ledger.come_back("reward of left", NOON)
        other.credit("theirs", 10, NOON)

        def fresh() -> Account:
            return ledger.books(NOON).account(customer_id)

        account = fresh()
        known.open_lots([account])
        assert taken_up(account) == ({"left", "back"}, set())
        account = fresh()
        known.what_can_move([account])
        moved = {("moved", "seat")}
        assert taken_up(account) == ({"moved", "seat", "left", "back"}, moved)
        (eaten,) = known.lines_of([account], "test", ["eaten"]).values()
        account = fresh()
        known.what_can_move([account], homes=[eaten])
        assert taken_up(account) == (
            {"eaten", "moved", "seat", "left", "back"},
            moved | {("eaten", "eaten")},
        )
        reward = service.entry_of(customer_id, shop.program_id, "test", "reward of eaten")
        assert reward is not None
        account = fresh()
        known.what_can_move([account], debits=[reward.id])
        assert taken_up(account)[1] == moved | {("eaten", "eaten")}


def test_lots_and_lines_are_those_of_these_sources(app: Flask) -> None:
    shop = make_shop(app)
    customer_id, other_id = make_customer(app, shop), make_customer(app, shop)
    with inside(app, shop):
        ledger, other = Kept(customer_id, shop.program_id), Kept(other_id, shop.program_id)
        for key in ("one", "two"):
            ledger.credit(key, 10, NOON)
            other.credit(f"their {key}", 10, NOON)
        books = ledger.books(NOON)
        by_hand = Cause(TransactionType.ADJUSTED, "adjustment", "one", by=SYSTEM, at=NOON)
        books.credit(customer_id, 10, by_hand)
        books.write(by=SYSTEM)
        account = ledger.books(NOON).account(customer_id)
        found = known.lots_of([account], "test", ["one", "their one"])
        (lot,) = account.lots.values()
        assert found == {lot.id}
        assert (lot.source_id, lot.line_id) == ("one", lot.id)
        lines = known.lines_of([account], "test", ["one", "their one"])
        assert lines == {(account.standing.id, "one"): lot.id}
        # What comes back takes nothing that somebody has added by hand under the same id.
        ledger.reverse("one", NOON)
        assert service.balance_of(customer_id, shop.program_id).balance == 20
        ledger.credit("one again", 10, NOON, again_of="one")
        lines = known.lines_of([account], "test", ["one again"])
        assert lines == {(account.standing.id, "one again"): lot.id}


def taken_up(account: Account) -> tuple[set[str], set[tuple[str, str | None]]]:
    """The sources of the known lots; home and lot of the known uses."""
    names = {lot.id: lot.source_id for lot in account.lots.values()}
    uses = {
        (names[place.part.home_id], place.lot_id and names[place.lot_id])
        for place, _ in account.sitting(lambda place: True)
    }
    return set(names.values()), uses
