"""Tiers say required_points: min_points is gone."""

from nxloy_web.schema import renames

revision = "remove_min_points_column"
down_revision = "copy_min_points"
branch_labels = None
depends_on = None
phase = "contract"
group = "rename_min_points"
needs = ("copy_min_points",)
min_app = "0.1.0"


def upgrade() -> None:
    renames.finish_rename("loyalty_tiers", "min_points", "required_points", default="0")


def downgrade() -> None:
    renames.unfinish_rename(
        "loyalty_tiers", "min_points", "required_points", "integer", default="0"
    )
