"""The uses of lots, data: where the points of each debit sit, and what lots are worth.

What a claw-back took of a lot makes the lot worth less; what a debit took is a use that sits in the
lot it came from; what a reward gave back ends the use. A debt gets a use that sits nowhere. What old
code writes after its balance was done waits in `undecided`, and the next run brings it:
`flask schema data retry fill_lot_uses`. New code may come only after the contract.
"""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "fill_lot_uses"
down_revision = "add_lot_worth"
branch_labels = None
depends_on = None
phase = "data"
group = "lot_uses"

LOCK = """
    SELECT count(*) FROM (
      SELECT FROM customer_balances b WHERE {span} ORDER BY business_id, id FOR UPDATE) AS held"""
USES = """
    INSERT INTO lot_uses (business_id, id, balance_id, debit_id, home_lot_id, lot_id, amount,
                          created_at)
    SELECT u.business_id, 'c' || left(md5('use ' || u.transaction_id || ' ' || u.lot_id), 24),
           b.id, coalesce(taken.id, t.id), u.lot_id, u.lot_id, u.amount * -sign(t.amount)::integer,
           t.created_at
    FROM customer_balances b
    JOIN point_lots l ON l.business_id = b.business_id AND l.balance_id = b.id
    JOIN point_lot_uses u ON u.business_id = l.business_id AND u.lot_id = l.id
    JOIN point_transactions t ON t.business_id = u.business_id AND t.id = u.transaction_id
    LEFT JOIN point_transactions taken
      ON t.amount > 0 AND taken.business_id = t.business_id AND taken.balance_id = t.balance_id
     AND taken.redemption_id = t.redemption_id AND taken.type = 'REDEEMED'
    WHERE {span}
      AND (t.type = 'REDEEMED' OR t.source_kind IN ('adjustment', 'opening') OR taken.id IS NOT NULL)
    ON CONFLICT (business_id, id) DO NOTHING"""
LOTS = """
    UPDATE point_lots l SET worth = l.remaining + s.expired + s.used, expired = s.expired
    FROM (
      SELECT l.business_id, l.id,
             coalesce((SELECT sum(u.amount) FROM point_lot_uses u
                       JOIN point_transactions t
                         ON t.business_id = u.business_id AND t.id = u.transaction_id
                       WHERE u.business_id = l.business_id AND u.lot_id = l.id
                         AND t.type = 'EXPIRED'), 0)::integer AS expired,
             coalesce((SELECT sum(n.amount) FROM lot_uses n
                       WHERE n.business_id = l.business_id AND n.lot_id = l.id), 0)::integer AS used
      FROM customer_balances b
      JOIN point_lots l ON l.business_id = b.business_id AND l.balance_id = b.id
      WHERE {span}) s
    WHERE l.business_id = s.business_id AND l.id = s.id
      AND (l.worth IS DISTINCT FROM l.remaining + s.expired + s.used OR l.expired <> s.expired)"""
OWED = """
    WITH owing AS (
      SELECT b.business_id, b.id, b.last_seq,
             greatest(0, -b.balance) - coalesce((
               SELECT sum(n.amount) FROM lot_uses n
               WHERE n.business_id = b.business_id AND n.balance_id = b.id AND n.lot_id IS NULL
             ), 0)::integer AS more
      FROM customer_balances b WHERE {span})
    INSERT INTO lot_uses (business_id, id, balance_id, debit_id, home_lot_id, is_owed, amount)
    SELECT o.business_id, 'c' || left(md5('owed ' || o.id || ' ' || o.last_seq), 24), o.id,
           coalesce(there.debit_id, t.id), coalesce(there.home_lot_id, l.id), true, o.more
    FROM owing o
    LEFT JOIN LATERAL (
      SELECT n.debit_id, n.home_lot_id FROM lot_uses n
      WHERE n.business_id = o.business_id AND n.balance_id = o.id AND n.lot_id IS NULL
      LIMIT 1) there ON true
    LEFT JOIN LATERAL (
      SELECT t.id FROM point_transactions t
      WHERE t.business_id = o.business_id AND t.balance_id = o.id AND t.amount < 0
        AND t.type <> 'EXPIRED'
      ORDER BY t.seq DESC LIMIT 1) t ON true
    LEFT JOIN LATERAL (
      SELECT l.id FROM point_lots l
      WHERE l.business_id = o.business_id AND l.balance_id = o.id
      ORDER BY l.available_at, l.id LIMIT 1) l ON true
    WHERE o.more <> 0"""
FIGURES = """
    UPDATE customer_balances b SET owed = greatest(0, -b.balance), tier_needs = (
      SELECT t.required_points FROM loyalty_tiers t
      WHERE t.business_id = b.business_id AND t.id = b.tier_id)
    WHERE {span} AND (b.owed <> greatest(0, -b.balance) OR b.tier_id IS NOT NULL)"""
UNDECIDED = """
    SELECT jsonb_build_object('business_id', l.business_id, 'id', l.id) AS row_key,
           'points moved since, so the data migration must run once more' AS reason,
           to_jsonb(l) AS row
    FROM point_lots l
    LEFT JOIN LATERAL (
      SELECT sum(n.amount)::integer AS amount FROM lot_uses n
      WHERE n.business_id = l.business_id AND n.lot_id = l.id) used ON true
    WHERE l.worth IS DISTINCT FROM l.remaining + l.expired + coalesce(used.amount, 0)
    UNION ALL
    SELECT jsonb_build_object('business_id', b.business_id, 'id', b.id),
           'what is owed changed since, so the data migration must run once more', to_jsonb(b)
    FROM customer_balances b WHERE b.owed <> greatest(0, -b.balance)"""


def fill(connection: Connection, span: Span) -> None:
    for statement in (LOCK, USES, LOTS, OWED, FIGURES):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


MIGRATION = DataMigration(
    name="fill_lot_uses", table="customer_balances", alias="b", step=fill, undecided=UNDECIDED
)
EMPTIED = DataMigration(
    name="empty_lot_worth",
    table="point_lots",
    step="UPDATE point_lots SET worth = NULL, expired = 0 WHERE {span}",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.run_once(EMPTIED)
    backfill.forget(MIGRATION)
