"""Zero-downtime example 1, expand: points_balance, kept equal to points by a trigger."""

from nxloy_web.schema import renames

revision = "add_points_balance_column"
down_revision = "index_customer_names"
branch_labels = None
depends_on = None
phase = "expand"
group = "rename_points"


def upgrade() -> None:
    renames.start_rename("customers", "points", "points_balance", "integer")


def downgrade() -> None:
    renames.abort_rename("customers", "points_balance")
