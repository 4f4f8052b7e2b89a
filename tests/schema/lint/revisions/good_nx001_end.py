"""A table that gets businesses and a policy."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx001_end"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns("loyalty_tiers", sa.Column("business_id", sa.Text(), nullable=True))
    online.close_table("loyalty_tiers", app="SELECT, INSERT")


def downgrade() -> None:
    online.open_again("loyalty_tiers")
    # nx: assured NX040 nothing but the old rows' business goes
    online.drop_columns("loyalty_tiers", "business_id")
