"""Points move into the ledger, contract: the column on the customer is gone.

What old code wrote to it since the data migration has waited in `undecided`: this refuses until
`flask schema data retry move_points_to_ledger` has brought it over. The way back puts what the
opening entries moved into the column again.
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
        UPDATE customers c SET points_balance = t.amount, points_moved = t.amount
        FROM (SELECT business_id, customer_id, sum(amount) AS amount FROM point_transactions
              WHERE source_kind = 'opening' GROUP BY business_id, customer_id) t
        WHERE {span} AND t.business_id = c.business_id AND t.customer_id = c.id""",
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
