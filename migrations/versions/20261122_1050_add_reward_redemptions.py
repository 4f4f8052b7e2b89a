"""Rewards example 2: redemptions and their steps."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_reward_redemptions"
down_revision = "add_rewards_catalog"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "reward_redemptions",
    "redemption_events",
)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "reward_redemptions",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("reward_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("points_cost", sa.Integer(), nullable=False),
        sa.Column("money_cost", sa.Integer(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("requested_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("approved_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("fulfilled_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("closed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("reminded_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("notes", sa.Text(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
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
            "status IN ('PENDING', 'APPROVED', 'FULFILLED', 'CANCELLED', 'REFUNDED')",
            name=op.f("ck_reward_redemptions_status_members"),
        ),
        sa.CheckConstraint(
            "points_cost >= 0", name=op.f("ck_reward_redemptions_points_cost_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_reward_redemptions_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "location_id"],
            ["locations.business_id", "locations.id"],
            name=op.f("fk_reward_redemptions_business_id_location_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_reward_redemptions_business_id_program_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "reward_id"],
            ["rewards.business_id", "rewards.id"],
            name=op.f("fk_reward_redemptions_business_id_reward_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_reward_redemptions_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_reward_redemptions")),
    )
    op.create_index(
        "ix_reward_redemptions_customer_id",
        "reward_redemptions",
        ["business_id", "customer_id", "requested_at"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_reward_redemptions_open_expires",
        "reward_redemptions",
        ["business_id", "expires_at"],
        unique=False,
        postgresql_where=sa.text("status IN ('PENDING', 'APPROVED')"),
    )
    op.create_index(
        "ix_reward_redemptions_requested_at",
        "reward_redemptions",
        ["business_id", "requested_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_reward_redemptions_reward_id",
        "reward_redemptions",
        ["business_id", "reward_id", "status"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_reward_redemptions_status",
        "reward_redemptions",
        ["business_id", "status", "requested_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "uq_reward_redemptions_code", "reward_redemptions", ["business_id", "code"], unique=True
    )
    ops.tenant_table("reward_redemptions", app="SELECT, INSERT, UPDATE")
    op.create_table(
        "redemption_events",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("redemption_id", sa.Text(), nullable=False),
        sa.Column("from_status", sa.Text(), nullable=True),
        sa.Column("to_status", sa.Text(), nullable=False),
        sa.Column("by_user_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "to_status IN ('PENDING', 'APPROVED', 'FULFILLED', 'CANCELLED', 'REFUNDED', 'EXPIRED')",
            name=op.f("ck_redemption_events_to_status_members"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "redemption_id"],
            ["reward_redemptions.business_id", "reward_redemptions.id"],
            name=op.f("fk_redemption_events_business_id_redemption_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_redemption_events_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"],
            ["users.id"],
            # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
            name=op.f("fk_redemption_events_by_user_id"),
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_redemption_events")),
    )
    op.create_index(
        "ix_redemption_events_redemption_id",
        "redemption_events",
        ["business_id", "redemption_id", "occurred_at"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("redemption_events", app="SELECT, INSERT")
    ops.append_only("redemption_events")


@one_transaction
def downgrade() -> None:
    op.drop_table("redemption_events")
    op.drop_table("reward_redemptions")
