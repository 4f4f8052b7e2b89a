"""Points move into the ledger, expand: how much of a balance has moved."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_points_moved_column"
down_revision = "add_point_lots"
branch_labels = None
depends_on = None
phase = "expand"
# Without it, the next way up would move the same points a second time.
down_loses = ("customers WHERE points_moved <> 0",)
group = "points_to_ledger"


def upgrade() -> None:
    online.add_columns(
        "customers", sa.Column("points_moved", sa.Integer(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    online.drop_columns("customers", "points_moved")
