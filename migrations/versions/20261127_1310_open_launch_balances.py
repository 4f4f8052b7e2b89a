"""Balances from before the books began: each gets an opening entry, and a lot without an end.

The launch kept a balance as a figure alone. Without a lot its points cannot be spent, and without
entries its books do not add up. What was earned in all is kept too: where that is more than what is
there, one entry says what was earned and a second one what had gone by then. A balance whose entries
already say how it came about only gets its lot.
"""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "open_launch_balances"
down_revision = "add_job_tries"
branch_labels = None
depends_on = None
phase = "data"


# One statement, because the database compares its parts with each other when it ends.
OPEN = """
    WITH todo AS (
      SELECT b.business_id, b.id AS balance_id, b.customer_id, b.program_id, b.balance,
             b.created_at, e.total, e.seq, e.last_credit_id,
             greatest(0, b.lifetime_points - e.earned) AS earned_before
      FROM customer_balances b
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(t.amount), 0)::integer AS total, coalesce(max(t.seq), 0) AS seq,
               coalesce(sum(t.amount) FILTER (WHERE t.type = 'EARNED'), 0)::integer AS earned,
               (array_agg(t.id ORDER BY t.seq DESC) FILTER (WHERE t.amount > 0))[1]
                 AS last_credit_id
        FROM point_transactions t
        WHERE t.business_id = b.business_id AND t.balance_id = b.id) e
      WHERE {span} AND b.balance >= 0 AND b.owed = 0
        AND NOT EXISTS (SELECT FROM point_lots l
                        WHERE l.business_id = b.business_id AND l.balance_id = b.id)
        AND (b.balance > 0 OR b.balance <> e.total OR b.lifetime_points > e.earned)
      FOR NO KEY UPDATE OF b
    ), steps AS (
      SELECT *, seq + (earned_before > 0)::integer AS first_seq,
             total + earned_before AS first_balance, balance - total - earned_before AS rest
      FROM todo
    ), entries AS (
      SELECT s.*, n.seq AS entry_seq, n.type, n.amount, n.says,
             'c' || left(md5('launch ' || s.business_id || ' ' || s.balance_id || ' ' || n.seq), 24)
               AS entry_id
      FROM steps s CROSS JOIN LATERAL (VALUES
        (s.first_seq, 'EARNED', s.earned_before, s.first_balance),
        (s.first_seq + 1, 'ADJUSTED', s.rest, s.balance)) AS n (seq, type, amount, says)
      WHERE n.amount <> 0
    ), written AS (
      INSERT INTO point_transactions (business_id, id, customer_id, program_id, balance_id, seq,
        type, amount, balance, description, source_kind, source_id, occurred_at)
      SELECT business_id, entry_id, customer_id, program_id, balance_id, entry_seq, type, amount,
             says, 'Opening balance', 'launch', balance_id || ':' || entry_seq, created_at
      FROM entries
    ), lots AS (
      INSERT INTO point_lots (business_id, id, balance_id, transaction_id, amount, worth, remaining,
        available_at)
      SELECT s.business_id,
             'c' || left(md5('launch ' || s.business_id || ' ' || s.balance_id), 24),
             s.balance_id, coalesce(
               (SELECT e.entry_id FROM entries e
                WHERE e.business_id = s.business_id AND e.balance_id = s.balance_id
                  AND e.amount > 0 ORDER BY e.entry_seq DESC LIMIT 1),
               s.last_credit_id),
             s.balance, s.balance, s.balance, s.created_at
      FROM steps s WHERE s.balance > 0
    )
    UPDATE customer_balances b
    SET last_seq = s.seq + (s.earned_before > 0)::integer + (s.rest <> 0)::integer,
        spendable = s.balance, next_change_at = NULL, updated_at = now()
    FROM steps s WHERE b.business_id = s.business_id AND b.id = s.balance_id"""

MIGRATION = DataMigration(
    name="open_launch_balances", table="customer_balances", alias="b", step=OPEN
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    # The entries stay: they say what is true, and the next way up finds nothing to do.
    backfill.forget(MIGRATION)
