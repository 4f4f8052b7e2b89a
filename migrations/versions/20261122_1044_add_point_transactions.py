"""Loyalty example 3: what ledger entries have beyond the launch."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_point_transactions"
down_revision = "customer_segment_relationship"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "point_transactions WHERE order_id IS NOT NULL OR redemption_id IS NOT NULL"
    " OR metadata <> '{}'",
)
down_breaks = ("point_transactions WHERE type NOT IN ('EARNED', 'REDEEMED', 'EXPIRED')",)


TABLE = "point_transactions"
RULE = "ck_point_transactions_type_members"


def upgrade() -> None:
    online.add_columns(
        TABLE,
        sa.Column("metadata", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("redemption_id", sa.Text(), nullable=True),
    )
    online.replace_check(
        RULE, TABLE, "type IN ('EARNED', 'REDEEMED', 'EXPIRED', 'ADJUSTED', 'REFUNDED')"
    )
    for column in ("order_id", "redemption_id"):
        online.create_index(
            f"ix_point_transactions_{column}",
            TABLE,
            ["business_id", column],
            where=f"{column} IS NOT NULL",
        )
    online.run_locked(
        TABLE,
        "CREATE OR REPLACE TRIGGER point_transactions_append_only"
        " BEFORE UPDATE OR DELETE ON point_transactions"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change()",
        reason="a trigger is noted in the catalog; no row is read",
    )


def downgrade() -> None:
    # Refused by the rule itself while entries of the later types are there.
    online.replace_check(RULE, TABLE, "type IN ('EARNED', 'REDEEMED', 'EXPIRED')")
    online.run_locked(
        TABLE,
        "DROP TRIGGER IF EXISTS point_transactions_append_only ON point_transactions",
        reason="undoes what upgrade made",
    )
    online.drop_columns(TABLE, "metadata", "order_id", "redemption_id")
