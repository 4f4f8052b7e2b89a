"""A table that gets businesses, and never a policy."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx001_end"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns(
        "loyalty_tiers",
        sa.Column("business_id", sa.Text(), nullable=True),  # expect: NX001
    )


def downgrade() -> None:
    # nx: assured NX040 nothing but the old rows' business goes
    online.drop_columns("loyalty_tiers", "business_id")
