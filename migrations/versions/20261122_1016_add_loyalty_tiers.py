"""Loyalty example 2 and multi-tenant example 1: tiers, inside a business from the start."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops

revision = "add_loyalty_tiers"
down_revision = "add_loyalty_programs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loyalty_tiers",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("required_points", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "multiplier", sa.Numeric(precision=4, scale=2), server_default="1.0", nullable=False
        ),
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
        sa.CheckConstraint("color ~ '^#[0-9a-fA-F]{6}$'", name=op.f("ck_loyalty_tiers_color_hex")),
        sa.CheckConstraint("multiplier > 0", name=op.f("ck_loyalty_tiers_multiplier_positive")),
        sa.CheckConstraint(
            "required_points >= 0", name=op.f("ck_loyalty_tiers_required_points_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_loyalty_tiers_business_id_program_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_loyalty_tiers_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_loyalty_tiers")),
    )
    op.create_index(
        "ix_loyalty_tiers_deleted_at",
        "loyalty_tiers",
        ["business_id", "deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_loyalty_tiers_program_id",
        "loyalty_tiers",
        ["business_id", "program_id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "uq_loyalty_tiers_name",
        "loyalty_tiers",
        ["business_id", "program_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_loyalty_tiers_required_points",
        "loyalty_tiers",
        ["business_id", "program_id", "required_points"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    ops.tenant_table("loyalty_tiers", app="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("loyalty_tiers")
