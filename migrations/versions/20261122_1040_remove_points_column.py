"""Zero-downtime example 1, contract: points is gone."""

from nxloy_web.schema import renames

revision = "remove_points_column"
down_revision = "copy_points_to_balance"
branch_labels = None
depends_on = None
phase = "contract"
group = "rename_points"
needs = ("copy_points_to_balance",)
min_app = "0.1.0"


def upgrade() -> None:
    renames.finish_rename("customers", "points", "points_balance", default="0")


def downgrade() -> None:
    renames.unfinish_rename("customers", "points", "points_balance", "integer", default="0")
