"""Tiers say required_points: rows that nobody has written since."""

from nxloy_web.schema import backfill, renames

revision = "copy_min_points"
down_revision = "add_required_points_column"
branch_labels = None
depends_on = None
phase = "data"
group = "rename_min_points"


MIGRATION = renames.copy_of("copy_min_points", "loyalty_tiers", "min_points", "required_points")


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
