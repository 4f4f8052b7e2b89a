"""A tier that somebody sets for one customer, with a reason, until a day or until it is changed."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_tier_by_hand"
down_revision = "add_application_floors"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("customer_balances WHERE hand_tier_id IS NOT NULL",)

TABLE = "customer_balances"


def upgrade() -> None:
    online.add_columns(
        TABLE,
        sa.Column("hand_tier_id", sa.Text(), nullable=True),
        sa.Column("hand_tier_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hand_tier_reason", sa.Text(), nullable=True),
        sa.Column("hand_tier_form", sa.Text(), nullable=True),
    )
    online.add_check(
        "ck_customer_balances_hand_tier_whole",
        TABLE,
        "(hand_tier_id IS NULL) = (hand_tier_reason IS NULL)"
        " AND (hand_tier_id IS NULL) = (hand_tier_form IS NULL)"
        " AND (hand_tier_id IS NOT NULL OR hand_tier_until IS NULL)",
    )
    online.create_index(
        "ix_customer_balances_hand_tier_id",
        TABLE,
        ["business_id", "hand_tier_id"],
        where="hand_tier_id IS NOT NULL",
    )
    online.create_index(
        "ix_customer_balances_hand_ends",
        TABLE,
        ["business_id", "hand_tier_until"],
        where="hand_tier_until IS NOT NULL",
    )
    online.add_foreign_key(
        "fk_customer_balances_business_id_hand_tier_id",
        TABLE,
        ["business_id", "hand_tier_id"],
        "loyalty_tiers",
        ["business_id", "id"],
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    online.drop_constraint("fk_customer_balances_business_id_hand_tier_id", TABLE)
    online.drop_index("ix_customer_balances_hand_ends", TABLE)
    online.drop_index("ix_customer_balances_hand_tier_id", TABLE)
    online.drop_constraint("ck_customer_balances_hand_tier_whole", TABLE)
    online.drop_columns(
        TABLE, "hand_tier_form", "hand_tier_reason", "hand_tier_until", "hand_tier_id"
    )
