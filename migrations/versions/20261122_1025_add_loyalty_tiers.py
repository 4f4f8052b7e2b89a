"""Loyalty example 2: what tiers have beyond the launch, and the tier of a balance."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_loyalty_tiers"
down_revision = "remove_min_points_column"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "loyalty_tiers WHERE description IS NOT NULL OR multiplier <> 1 OR color <> '#000000'"
    " OR icon IS NOT NULL OR benefits <> '[]' OR deleted_at IS NOT NULL",
    "customer_balances WHERE tier_id IS NOT NULL",
)


TABLE = "loyalty_tiers"


def upgrade() -> None:
    online.add_columns(
        TABLE,
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("multiplier", sa.Numeric(4, 2), server_default="1.0", nullable=False),
        sa.Column("color", sa.Text(), server_default="#000000", nullable=False),
        sa.Column("icon", sa.Text(), nullable=True),
        sa.Column("benefits", postgresql.JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
    )
    online.add_check("ck_loyalty_tiers_color_hex", TABLE, "color ~ '^#[0-9a-fA-F]{6}$'")
    online.add_check("ck_loyalty_tiers_multiplier_positive", TABLE, "multiplier > 0")
    # nx: assured NX032 the contract before it has let no such tier through
    online.add_check("ck_loyalty_tiers_required_points_not_negative", TABLE, "required_points >= 0")
    online.create_index(
        "ix_loyalty_tiers_deleted_at",
        TABLE,
        ["business_id", "deleted_at"],
        where="deleted_at IS NOT NULL",
    )
    for column in ("name", "required_points"):
        online.create_index(
            f"uq_loyalty_tiers_{column}",
            TABLE,
            ["business_id", "program_id", column],
            unique=True,
            where="deleted_at IS NULL",
        )
    online.add_columns(
        "customer_balances",
        sa.Column("tier_id", sa.Text(), nullable=True),
        sa.Column("tier_since_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )
    online.create_index(
        "ix_customer_balances_tier_id", "customer_balances", ["business_id", "tier_id"]
    )
    online.add_foreign_key(
        "fk_customer_balances_business_id_tier_id",
        "customer_balances",
        ["business_id", "tier_id"],
        TABLE,
        ["business_id", "id"],
        ondelete="RESTRICT",
    )


def downgrade() -> None:
    online.drop_columns("customer_balances", "tier_id", "tier_since_at")
    online.drop_constraint("ck_loyalty_tiers_required_points_not_negative", TABLE)
    for column in ("name", "required_points"):
        online.drop_index(f"uq_loyalty_tiers_{column}", TABLE)
    online.drop_columns(
        TABLE,
        "description",
        "multiplier",
        "color",
        "icon",
        "benefits",
        "version",
        "deleted_at",
        "created_at",
        "updated_at",
    )
