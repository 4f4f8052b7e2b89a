"""Points move into the ledger, data: an opening entry in the business's default program.

The default program is the eldest that is active, else the eldest that lives; a business without one
is given one called Points. Old code may go on writing points_balance: `points_moved` says what has
moved, so the next run brings the difference. What old code spent comes out of the opening lot; where
that does not hold enough any more, the row waits in the report.
"""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "move_points_to_ledger"
down_revision = "add_points_moved_column"
branch_labels = None
depends_on = None
phase = "data"
group = "points_to_ledger"
down_saves = ("customers WHERE points_moved <> 0",)


LOCK = """
    SELECT count(*) FROM (
      SELECT FROM customers c WHERE {span} AND points_balance <> points_moved
      ORDER BY business_id, id FOR NO KEY UPDATE) AS held"""
PROGRAMS = """
    INSERT INTO loyalty_programs (business_id, id, name, type, status, currency)
    SELECT b.id, 'c' || left(md5('default program ' || b.id || ' ' || (
             SELECT count(*) FROM loyalty_programs p WHERE p.business_id = b.id)), 24),
           'Points', 'POINTS', 'ACTIVE', b.currency
    FROM businesses b
    WHERE b.id IN (SELECT c.business_id FROM customers c
                   WHERE {span} AND points_balance <> points_moved)
      AND NOT EXISTS (SELECT FROM loyalty_programs p
                      WHERE p.business_id = b.id AND p.deleted_at IS NULL)
    ON CONFLICT DO NOTHING"""
MOVING = """
    WITH moving AS (
      SELECT c.business_id, c.id AS customer_id, c.points_balance - c.points_moved AS amount,
             c.created_at, p.id AS program_id,
             'c' || left(md5('opening ' || c.business_id || ' ' || c.id || ' ' || p.id), 24)
               AS new_id
      FROM customers c
      CROSS JOIN LATERAL (SELECT id FROM loyalty_programs p
                          WHERE p.business_id = c.business_id AND p.deleted_at IS NULL
                          ORDER BY status <> 'ACTIVE', created_at, id LIMIT 1) p
      WHERE {span} AND points_balance <> points_moved)"""
BALANCES = (
    MOVING
    + """
    INSERT INTO customer_balances (business_id, id, customer_id, program_id)
    SELECT business_id, new_id, customer_id, program_id FROM moving WHERE amount > 0
    ON CONFLICT (business_id, customer_id, program_id) DO NOTHING"""
)
LOCK_BALANCES = (
    MOVING
    + """
    SELECT count(*) FROM moving m
    CROSS JOIN LATERAL (SELECT FROM customer_balances b
                        WHERE b.business_id = m.business_id AND b.customer_id = m.customer_id
                          AND b.program_id = m.program_id FOR UPDATE) held"""
)
# `fits`: a credit always does; a debit when the opening lot still holds so much. The points were
# good all along, so the lot is as old as the customer. Balances are looked up one by one (OFFSET 0
# keeps it so): of tables that are being filled the planner knows too little for anything else.
ENTRIES = (
    MOVING
    + """, fits AS (
      SELECT m.*, b.id AS balance_id, b.last_seq + 1 AS seq, b.balance AS before, l.id AS lot_id,
             'c' || left(md5('opening ' || b.business_id || ' ' || b.id || ' ' || b.last_seq), 24)
               AS entry_id,
             greatest(0, m.amount - greatest(0, -b.balance)) AS opens
      FROM moving m
      CROSS JOIN LATERAL (
        SELECT b.business_id, b.id, b.last_seq, b.balance FROM customer_balances b
        WHERE b.business_id = m.business_id AND b.customer_id = m.customer_id
          AND b.program_id = m.program_id OFFSET 0) b
      LEFT JOIN LATERAL (
        SELECT l.id, l.remaining FROM point_lots l
        JOIN point_transactions t ON t.business_id = l.business_id AND t.id = l.transaction_id
        WHERE m.amount < 0 AND l.business_id = b.business_id AND l.balance_id = b.id
          AND t.source_kind = 'opening' AND l.remaining >= -m.amount
        ORDER BY l.remaining DESC LIMIT 1) l ON true
      WHERE m.amount > 0 OR l.id IS NOT NULL
    ), entries AS (
      INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq,
        type, amount, balance, description, source_kind, source_id, occurred_at)
      SELECT business_id, entry_id, customer_id, program_id, balance_id, seq, 'ADJUSTED', amount,
             before + amount, 'Opening balance', 'opening', balance_id || ':' || seq, now()
      FROM fits
    ), opened AS (
      INSERT INTO point_lots (business_id, id, balance_id, transaction_id, amount, remaining,
        available_at)
      SELECT business_id, entry_id, balance_id, entry_id, opens, opens, created_at FROM fits
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
UNDECIDED = """
    SELECT jsonb_build_object('business_id', business_id, 'id', id) AS row_key,
           CASE WHEN points_balance > points_moved
                THEN 'points came since, so the data migration must run once more'
                ELSE 'points_balance is ' || points_balance || ', ' || points_moved || ' have '
                     || 'moved, and the opening entry does not hold the difference' END AS reason,
           to_jsonb(customers) AS row
    FROM customers WHERE points_balance <> points_moved"""


def move(connection: Connection, span: Span) -> None:
    for statement in (LOCK, PROGRAMS, BALANCES, LOCK_BALANCES, ENTRIES):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


MIGRATION = DataMigration(
    name="move_points_to_ledger", table="customers", alias="c", step=move, undecided=UNDECIDED
)


# The way back: what is left of the opening lots is the customer's own again, by an entry more.
# What was spent of them meanwhile, or paid a debt, has moved for good.
HOLD = """
    SELECT count(*) FROM (
      SELECT FROM customers c WHERE {span} ORDER BY business_id, id FOR NO KEY UPDATE) AS held"""
HOLD_BALANCES = """
    SELECT count(*) FROM (
      SELECT FROM customer_balances b
      JOIN customers c ON c.business_id = b.business_id AND c.id = b.customer_id
      WHERE {span} ORDER BY b.business_id, b.id FOR UPDATE OF b) AS held"""
BACK = """
    WITH lots AS (
      SELECT l.business_id, l.id, l.balance_id, l.remaining
      FROM customers c
      JOIN customer_balances b ON b.business_id = c.business_id AND b.customer_id = c.id
      JOIN point_lots l ON l.business_id = b.business_id AND l.balance_id = b.id
      JOIN point_transactions t ON t.business_id = l.business_id AND t.id = l.transaction_id
      WHERE {span} AND t.source_kind = 'opening' AND l.remaining > 0
    ), open AS (
      SELECT b.business_id, b.id AS balance_id, b.customer_id, b.program_id, b.balance AS before,
             b.last_seq + 1 AS seq, l.amount,
             'c' || left(md5('opening ' || b.business_id || ' ' || b.id || ' ' || b.last_seq), 24)
               AS entry_id
      FROM customer_balances b
      JOIN (SELECT business_id, balance_id, sum(remaining)::integer AS amount
            FROM lots GROUP BY business_id, balance_id) l
        ON l.business_id = b.business_id AND l.balance_id = b.id
    ), entries AS (
      INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq,
        type, amount, balance, description, source_kind, source_id, occurred_at)
      SELECT business_id, entry_id, customer_id, program_id, balance_id, seq, 'ADJUSTED', -amount,
             before - amount, 'Opening balance taken back', 'opening', balance_id || ':' || seq,
             now()
      FROM open
    ), uses AS (
      INSERT INTO point_lot_uses (business_id, transaction_id, lot_id, amount)
      SELECT business_id, o.entry_id, l.id, l.remaining
      FROM lots l JOIN open o USING (business_id, balance_id)
    ), emptied AS (
      UPDATE point_lots p SET remaining = 0 FROM lots l
      WHERE p.business_id = l.business_id AND p.id = l.id
    ), balances AS (
      UPDATE customer_balances b SET balance = b.balance - o.amount, last_seq = o.seq,
        spendable = b.spendable - o.amount, updated_at = now()
      FROM open o WHERE b.business_id = o.business_id AND b.id = o.balance_id
    ), back AS (
      SELECT business_id, customer_id, sum(amount)::integer AS amount FROM open
      GROUP BY business_id, customer_id)
    UPDATE customers c SET points_moved = 0,
      points_balance = c.points_balance - c.points_moved + coalesce(
        (SELECT b.amount FROM back b
         WHERE b.business_id = c.business_id AND b.customer_id = c.id), 0)
    WHERE {span} AND (c.points_moved <> 0 OR EXISTS (
      SELECT FROM back b WHERE b.business_id = c.business_id AND b.customer_id = c.id))"""


def move_back(connection: Connection, span: Span) -> None:
    for statement in (HOLD, HOLD_BALANCES, BACK):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


MOVED_BACK = DataMigration(
    name="points_back_to_customers", table="customers", alias="c", step=move_back
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.run_once(MOVED_BACK)
    backfill.forget(MIGRATION)
