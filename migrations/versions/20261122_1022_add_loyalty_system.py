"""The real-world launch: balances of customers in programs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops

revision = "add_loyalty_system"
down_revision = "customer_segment_relationship"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_balances",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("balance", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spendable", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_change_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lifetime_points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tier_id", sa.Text(), nullable=True),
        sa.Column("tier_since_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
            "spendable >= 0", name=op.f("ck_customer_balances_spendable_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_customer_balances_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_customer_balances_business_id_program_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "tier_id"],
            ["loyalty_tiers.business_id", "loyalty_tiers.id"],
            name=op.f("fk_customer_balances_business_id_tier_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_customer_balances_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_customer_balances")),
    )
    op.create_index(
        "ix_customer_balances_due",
        "customer_balances",
        ["business_id", "next_change_at"],
        unique=False,
        postgresql_where=sa.text("next_change_at IS NOT NULL"),
    )
    op.create_index(
        "ix_customer_balances_program_id",
        "customer_balances",
        ["business_id", "program_id", "spendable"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_customer_balances_tier_id",
        "customer_balances",
        ["business_id", "tier_id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "uq_customer_balances_customer_program",
        "customer_balances",
        ["business_id", "customer_id", "program_id"],
        unique=True,
    )
    ops.tenant_table("customer_balances", app="SELECT, INSERT, UPDATE")


def downgrade() -> None:
    op.drop_table("customer_balances")
