"""Loyalty example 1: programs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops

revision = "add_loyalty_programs"
down_revision = "add_team"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "loyalty_programs",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="DRAFT", nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("points_name", sa.Text(), server_default="Points", nullable=False),
        sa.Column("settings", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
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
            "status IN ('DRAFT', 'ACTIVE', 'PAUSED', 'ARCHIVED')",
            name=op.f("ck_loyalty_programs_status_members"),
        ),
        sa.CheckConstraint(
            "type IN ('POINTS', 'STAMPS', 'TIERED', 'SUBSCRIPTION')",
            name=op.f("ck_loyalty_programs_type_members"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_loyalty_programs_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_loyalty_programs")),
    )
    op.create_index(
        "ix_loyalty_programs_deleted_at",
        "loyalty_programs",
        ["business_id", "deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_loyalty_programs_status",
        "loyalty_programs",
        ["business_id", "status"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_loyalty_programs_name",
        "loyalty_programs",
        ["business_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    ops.tenant_table("loyalty_programs", app="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("loyalty_programs")
