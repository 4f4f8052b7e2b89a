"""The uses of lots, contract: every lot says what it is worth; the old key of entries is gone.

The way back makes old uses of what sits in lots and of what has expired; that a lot is worth less
than it began with is taken off what it began with.
"""

from nxloy_web.schema import backfill, history, online
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "require_lot_worth"
down_revision = "fill_lot_uses"
branch_labels = None
depends_on = None
phase = "contract"
group = "lot_uses"
needs = ("fill_lot_uses",)
min_app = "0.1.0"
# The old key has room for one entry of a source.
down_loses = ("point_transactions WHERE part > 0",)
down_breaks = (history.Alike("point_transactions", ("business_id", "source_kind", "source_id")),)


LEFT = """
    INSERT INTO point_lot_uses (business_id, transaction_id, lot_id, amount)
    SELECT n.business_id, n.debit_id, n.lot_id, sum(n.amount)
    FROM point_lots l
    JOIN lot_uses n ON n.business_id = l.business_id AND n.lot_id = l.id
    WHERE {span}
    GROUP BY n.business_id, n.debit_id, n.lot_id HAVING sum(n.amount) > 0
    ON CONFLICT DO NOTHING"""
EXPIRED = """
    INSERT INTO point_lot_uses (business_id, transaction_id, lot_id, amount)
    SELECT l.business_id, t.id, l.id, -t.amount
    FROM point_lots l
    JOIN point_transactions t ON t.business_id = l.business_id AND t.balance_id = l.balance_id
     AND t.type = 'EXPIRED' AND split_part(t.source_id, ':', 1) = l.id
    WHERE {span} AND t.amount < 0
    ON CONFLICT DO NOTHING"""
AMOUNTS = """
    UPDATE point_lots l SET amount = greatest(1, l.remaining + coalesce((
      SELECT sum(u.amount) FROM point_lot_uses u
      WHERE u.business_id = l.business_id AND u.lot_id = l.id), 0))
    WHERE {span}"""


def old_uses(connection: Connection, span: Span) -> None:
    for statement in (LEFT, EXPIRED, AMOUNTS):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


OLD_USES = DataMigration(name="old_lot_uses", table="point_lots", alias="l", step=old_uses)


def upgrade() -> None:
    online.set_not_null("point_lots", "worth")
    for name, condition in (
        ("remaining_not_negative", "remaining >= 0"),
        ("expired_not_negative", "expired >= 0"),
        ("worth_within_amount", "worth BETWEEN 0 AND amount"),
        ("left_within_worth", "remaining + expired <= worth"),
    ):
        online.add_check(f"ck_point_lots_{name}", "point_lots", condition)
    for name, condition in (
        ("owed_not_negative", "owed >= 0"),
        ("let_off_not_negative", "let_off >= 0"),
        ("balance_not_negative_unless_owed", "balance >= 0 OR owed > 0"),
    ):
        online.add_check(f"ck_customer_balances_{name}", "customer_balances", condition)
    online.drop_constraint("ck_point_lots_remaining_within_amount", "point_lots")
    online.drop_index("uq_point_transactions_source", "point_transactions")


def downgrade() -> None:
    online.create_index(
        "uq_point_transactions_source",
        "point_transactions",
        ["business_id", "source_kind", "source_id"],
        unique=True,
    )
    for name in ("remaining_not_negative", "expired_not_negative", "worth_within_amount"):
        online.drop_constraint(f"ck_point_lots_{name}", "point_lots")
    online.drop_constraint("ck_point_lots_left_within_worth", "point_lots")
    for name in (
        "owed_not_negative",
        "let_off_not_negative",
        "balance_not_negative_unless_owed",
    ):
        online.drop_constraint(f"ck_customer_balances_{name}", "customer_balances")
    backfill.run_once(OLD_USES)
    online.add_check(
        "ck_point_lots_remaining_within_amount", "point_lots", "remaining BETWEEN 0 AND amount"
    )
    online.drop_not_null("point_lots", "worth")
