"""Rewards example 1: the catalogue, its stock and pictures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_rewards_catalog"
down_revision = "remove_points_balance_column"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "rewards",
    "stock_movements",
    "pictures",
)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "rewards",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("points_cost", sa.Integer(), server_default="0", nullable=False),
        sa.Column("money_cost", sa.Integer(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("total_stock", sa.Integer(), nullable=True),
        sa.Column("current_stock", sa.Integer(), nullable=True),
        sa.Column("image", sa.Text(), nullable=True),
        sa.Column("icon", sa.Text(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("start_date", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("end_date", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("max_per_user", sa.Integer(), nullable=True),
        sa.Column("needs_approval", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("tier_id", sa.Text(), nullable=True),
        sa.Column("segment_id", sa.Text(), nullable=True),
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
        sa.CheckConstraint(
            "status IN ('DRAFT', 'ACTIVE', 'INACTIVE', 'OUT_OF_STOCK', 'ARCHIVED')",
            name=op.f("ck_rewards_status_members"),
        ),
        sa.CheckConstraint(
            "type IN ('DISCOUNT_PERCENTAGE', 'DISCOUNT_FIXED', 'FREE_ITEM', 'FREE_SHIPPING', 'GIFT_CARD', 'EXPERIENCE', 'NFT')",
            name=op.f("ck_rewards_type_members"),
        ),
        sa.CheckConstraint(
            "(current_stock IS NULL) = (total_stock IS NULL)",
            name=op.f("ck_rewards_stock_both_or_neither"),
        ),
        sa.CheckConstraint(
            "current_stock BETWEEN 0 AND total_stock", name=op.f("ck_rewards_stock_within_total")
        ),
        sa.CheckConstraint("max_per_user > 0", name=op.f("ck_rewards_max_per_user_positive")),
        sa.CheckConstraint("money_cost > 0", name=op.f("ck_rewards_money_cost_positive")),
        sa.CheckConstraint(
            "points_cost > 0 OR money_cost > 0", name=op.f("ck_rewards_costs_something")
        ),
        sa.CheckConstraint("points_cost >= 0", name=op.f("ck_rewards_points_cost_not_negative")),
        sa.CheckConstraint("start_date < end_date", name=op.f("ck_rewards_dates_in_order")),
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_rewards_business_id_program_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "segment_id"],
            ["customer_segments.business_id", "customer_segments.id"],
            name=op.f("fk_rewards_business_id_segment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "tier_id"],
            ["loyalty_tiers.business_id", "loyalty_tiers.id"],
            name=op.f("fk_rewards_business_id_tier_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_rewards_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_rewards")),
    )
    op.create_index(
        "ix_rewards_deleted_at",
        "rewards",
        ["business_id", "deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_rewards_name",
        "rewards",
        ["business_id", "name", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_rewards_program_id",
        "rewards",
        ["business_id", "program_id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_rewards_status",
        "rewards",
        ["business_id", "status"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    ops.tenant_table("rewards", app="SELECT, INSERT, UPDATE")
    op.create_table(
        "stock_movements",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reward_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("change", sa.Integer(), nullable=False),
        sa.Column("stock_after", sa.Integer(), nullable=False),
        sa.Column("total_after", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("redemption_id", sa.Text(), nullable=True),
        sa.Column("by_user_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "kind IN ('ADDED', 'CORRECTED', 'TAKEN', 'RETURNED')",
            name=op.f("ck_stock_movements_kind_members"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reward_id"],
            ["rewards.business_id", "rewards.id"],
            name=op.f("fk_stock_movements_business_id_reward_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_stock_movements_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"],
            ["users.id"],
            # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
            name=op.f("fk_stock_movements_by_user_id"),
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_stock_movements")),
    )
    op.create_index(
        "ix_stock_movements_reward_id",
        "stock_movements",
        ["business_id", "reward_id", "created_at"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("stock_movements", app="SELECT, INSERT")
    ops.append_only("stock_movements")
    op.create_table(
        "pictures",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_pictures_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "sha256", name=op.f("pk_pictures")),
    )
    ops.tenant_table("pictures", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("pictures")
    op.drop_table("stock_movements")
    op.drop_table("rewards")
