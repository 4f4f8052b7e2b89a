"""Points move into the ledger, data: an opening entry in the business's default program.

The default program is the eldest that lives; a business without one is given one called Points.
Old code may go on writing points_balance: `points_moved` says what has moved, so the next run
brings the difference. What old code spent comes out of the opening lot; where that does not hold
enough any more, the row waits in the report.
"""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "move_points_to_ledger"
down_revision = "add_points_moved_column"
branch_labels = None
depends_on = None
phase = "data"
group = "points_to_ledger"


LOCK = """
    SELECT count(*) FROM (
      SELECT FROM customers c WHERE {span} AND points_balance <> points_moved
      ORDER BY business_id, id FOR NO KEY UPDATE) AS held"""
PROGRAMS = """
    INSERT INTO loyalty_programs (business_id, id, name, type, status, currency)
    SELECT b.id, 'c' || left(md5('default program ' || b.id), 24), 'Points', 'POINTS', 'ACTIVE',
           b.currency
    FROM businesses b
    WHERE b.id IN (SELECT c.business_id FROM customers c
                   WHERE {span} AND points_balance <> points_moved)
      AND NOT EXISTS (SELECT FROM loyalty_programs p
                      WHERE p.business_id = b.id AND p.deleted_at IS NULL)
    ON CONFLICT DO NOTHING"""
MOVING = """
    WITH moving AS (
      SELECT c.business_id, c.id AS customer_id, c.points_balance - c.points_moved AS amount,
             c.points_moved, p.id AS program_id,
             'c' || left(md5('opening ' || c.business_id || ' ' || c.id), 24) AS new_id
      FROM customers c
      CROSS JOIN LATERAL (SELECT id FROM loyalty_programs p
                          WHERE p.business_id = c.business_id AND p.deleted_at IS NULL
                          ORDER BY created_at, id LIMIT 1) p
      WHERE {span} AND points_balance <> points_moved)"""
BALANCES = (
    MOVING
    + """
    INSERT INTO customer_balances (business_id, id, customer_id, program_id)
    SELECT business_id, new_id, customer_id, program_id FROM moving
    ON CONFLICT (business_id, customer_id, program_id) DO NOTHING"""
)
LOCK_BALANCES = (
    MOVING
    + """
    SELECT count(*) FROM (
      SELECT FROM customer_balances b JOIN moving m
        USING (business_id, customer_id, program_id)
      ORDER BY b.business_id, b.id FOR UPDATE OF b) AS held"""
)
# `fits`: a credit always does; a debit when the opening lot still holds so much.
ENTRIES = (
    MOVING
    + """, fits AS (
      SELECT m.*, b.id AS balance_id, b.last_seq + 1 AS seq, b.balance AS before, l.id AS lot_id,
             'c' || left(md5('opening ' || m.customer_id || ' ' || m.business_id || ' '
                             || b.last_seq), 24) AS entry_id,
             greatest(0, m.amount - greatest(0, -b.balance)) AS opens
      FROM moving m
      JOIN customer_balances b USING (business_id, customer_id, program_id)
      LEFT JOIN LATERAL (
        SELECT l.id, l.remaining FROM point_lots l
        JOIN point_transactions t ON t.business_id = l.business_id AND t.id = l.transaction_id
        WHERE l.business_id = b.business_id AND l.balance_id = b.id
          AND t.source_kind = 'opening' AND l.remaining >= -m.amount
        ORDER BY l.remaining DESC LIMIT 1) l ON m.amount < 0
      WHERE m.amount > 0 OR l.id IS NOT NULL
    ), entries AS (
      INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq,
        type, amount, balance, description, source_kind, source_id, occurred_at)
      SELECT business_id, entry_id, customer_id, program_id, balance_id, seq, 'ADJUSTED', amount,
             before + amount, 'Opening balance', 'opening', customer_id || ':' || seq, now()
      FROM fits
    ), opened AS (
      INSERT INTO point_lots (business_id, id, balance_id, transaction_id, amount, remaining,
        available_at)
      SELECT business_id, entry_id, balance_id, entry_id, opens, opens, now() FROM fits
      WHERE opens > 0
    ), spent AS (
      UPDATE point_lots l SET remaining = l.remaining + f.amount FROM fits f
      WHERE f.amount < 0 AND l.business_id = f.business_id AND l.id = f.lot_id
    ), uses AS (
      INSERT INTO point_lot_uses (business_id, transaction_id, lot_id, amount)
      SELECT business_id, entry_id, lot_id, -amount FROM fits WHERE amount < 0
    ), balances AS (
      UPDATE customer_balances b SET balance = b.balance + f.amount, last_seq = f.seq,
        spendable = b.spendable + CASE WHEN f.amount < 0 THEN f.amount ELSE f.opens END,
        updated_at = now()
      FROM fits f WHERE b.business_id = f.business_id AND b.id = f.balance_id
    )
    UPDATE customers c SET points_moved = c.points_balance
    FROM fits f WHERE c.business_id = f.business_id AND c.id = f.customer_id"""
)
OVERSPENT = """
    SELECT jsonb_build_object('business_id', business_id, 'id', id) AS row_key,
           'points_balance is ' || points_balance || ', ' || points_moved || ' have moved, and the '
             || 'opening entry does not hold the difference' AS reason,
           to_jsonb(customers) AS row
    FROM customers WHERE points_balance <> points_moved"""


def move(connection: Connection, span: Span) -> None:
    for statement in (LOCK, PROGRAMS, BALANCES, LOCK_BALANCES, ENTRIES):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


MIGRATION = DataMigration(
    name="move_points_to_ledger", table="customers", alias="c", step=move, undecided=OVERSPENT
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    # The entries stay, as all entries do: `points_moved` knows of them when it runs again.
    backfill.forget(MIGRATION)
