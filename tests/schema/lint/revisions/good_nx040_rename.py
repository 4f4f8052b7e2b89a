"""The way back of a rename loses nothing."""

from nxloy_web.schema import renames

revision = "good_nx040_rename"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    renames.start_rename("loyalty_tiers", "min_points", "required_points", "integer")


def downgrade() -> None:
    renames.abort_rename("loyalty_tiers", "required_points")
