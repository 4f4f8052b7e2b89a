"""Zero-downtime example 1, data: rows that nobody has written since the expand."""

from nxloy_web.schema import backfill, renames

revision = "copy_points_to_balance"
down_revision = "add_points_balance_column"
branch_labels = None
depends_on = None
phase = "data"
group = "rename_points"


MIGRATION = renames.copy_of("copy_points_to_balance", "customers", "points", "points_balance")


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
