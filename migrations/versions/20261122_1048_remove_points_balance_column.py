"""Points move into the ledger, contract: the column on the customer is gone.

What old code wrote to it since the data migration has waited in `undecided`: this refuses until
`flask schema data retry move_points_to_ledger` has brought it over. The way back puts what is left
of the opening entries into the column again.
"""

import sqlalchemy as sa

from nxloy_web.schema import backfill, online
from nxloy_web.schema.data import DataMigration

revision = "remove_points_balance_column"
down_revision = "move_points_to_ledger"
branch_labels = None
depends_on = None
phase = "contract"
group = "points_to_ledger"
needs = ("move_points_to_ledger",)
min_app = "0.1.0"


MOVED_BACK = DataMigration(
    name="points_balance_back",
    table="customers",
    alias="c",
    step="""
        UPDATE customers c SET (points_balance, points_moved) = (
          SELECT open.points, open.points FROM (
            SELECT coalesce(sum(l.remaining), 0)::integer AS points
            FROM customer_balances b
            JOIN point_lots l ON l.business_id = b.business_id AND l.balance_id = b.id
            JOIN point_transactions t ON t.business_id = l.business_id AND t.id = l.transaction_id
            WHERE b.business_id = c.business_id AND b.customer_id = c.id
              AND t.source_kind = 'opening') AS open)
        WHERE {span} AND c.points_balance = c.points_moved""",
)


def upgrade() -> None:
    online.drop_columns("customers", "points_balance", "points_moved")


def downgrade() -> None:
    online.add_columns(
        "customers",
        sa.Column("points_balance", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points_moved", sa.Integer(), server_default="0", nullable=False),
    )
    backfill.run_once(MOVED_BACK)
