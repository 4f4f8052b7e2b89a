"""A change of tiers can be taken back: what it was, and what whom it moved held before."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from nxloy_web.schema import online

revision = "add_tier_changes"
down_revision = "allow_uncounted_stock"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "loyalty_programs WHERE last_tier_change IS NOT NULL",
    "customer_balances WHERE tier_before IS NOT NULL",
)


def upgrade() -> None:
    online.add_columns("loyalty_programs", sa.Column("last_tier_change", JSONB(), nullable=True))
    online.add_columns("customer_balances", sa.Column("tier_before", JSONB(), nullable=True))


def downgrade() -> None:
    online.drop_columns("customer_balances", "tier_before")
    online.drop_columns("loyalty_programs", "last_tier_change")
