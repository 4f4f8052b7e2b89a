"""Tiers say required_points: the new column, kept equal to min_points."""

from nxloy_web.schema import renames

revision = "add_required_points_column"
down_revision = "require_business_id_of_tiers"
branch_labels = None
depends_on = None
phase = "expand"
group = "rename_min_points"


def upgrade() -> None:
    renames.start_rename("loyalty_tiers", "min_points", "required_points", "integer")


def downgrade() -> None:
    renames.abort_rename("loyalty_tiers", "required_points")
