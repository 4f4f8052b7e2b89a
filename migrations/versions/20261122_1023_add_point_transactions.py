"""Loyalty example 3: the ledger, its lots and their use."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops

revision = "add_point_transactions"
down_revision = "add_loyalty_system"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "point_transactions",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("balance_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("balance", sa.Integer(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("metadata", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("redemption_id", sa.Text(), nullable=True),
        sa.Column("by_user_id", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "type IN ('EARNED', 'REDEEMED', 'EXPIRED', 'ADJUSTED', 'REFUNDED')",
            name=op.f("ck_point_transactions_type_members"),
        ),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_point_transactions_amount_not_zero")),
        sa.ForeignKeyConstraint(
            ["business_id", "balance_id"],
            ["customer_balances.business_id", "customer_balances.id"],
            name=op.f("fk_point_transactions_business_id_balance_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_point_transactions_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_point_transactions_business_id_program_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_point_transactions_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"], ["users.id"], name=op.f("fk_point_transactions_by_user_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_point_transactions")),
    )
    op.create_index(
        "ix_point_transactions_customer_id",
        "point_transactions",
        ["business_id", "customer_id", "created_at"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_point_transactions_occurred_at",
        "point_transactions",
        ["business_id", "occurred_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_point_transactions_order_id",
        "point_transactions",
        ["business_id", "order_id"],
        unique=False,
        postgresql_where=sa.text("order_id IS NOT NULL"),
    )
    op.create_index(
        "ix_point_transactions_redemption_id",
        "point_transactions",
        ["business_id", "redemption_id"],
        unique=False,
        postgresql_where=sa.text("redemption_id IS NOT NULL"),
    )
    op.create_index(
        "ix_point_transactions_type",
        "point_transactions",
        ["business_id", "type", "occurred_at"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "uq_point_transactions_seq",
        "point_transactions",
        ["business_id", "balance_id", "seq"],
        unique=True,
    )
    op.create_index(
        "uq_point_transactions_source",
        "point_transactions",
        ["business_id", "source_kind", "source_id"],
        unique=True,
    )
    ops.tenant_table("point_transactions", app="SELECT, INSERT")
    ops.append_only("point_transactions")
    op.create_table(
        "point_lots",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("balance_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("remaining", sa.Integer(), nullable=False),
        sa.Column("available_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.CheckConstraint("amount > 0", name=op.f("ck_point_lots_amount_positive")),
        sa.CheckConstraint(
            "remaining BETWEEN 0 AND amount", name=op.f("ck_point_lots_remaining_within_amount")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "balance_id"],
            ["customer_balances.business_id", "customer_balances.id"],
            name=op.f("fk_point_lots_business_id_balance_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "transaction_id"],
            ["point_transactions.business_id", "point_transactions.id"],
            name=op.f("fk_point_lots_business_id_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_point_lots_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_point_lots")),
    )
    op.create_index(
        "ix_point_lots_open",
        "point_lots",
        ["business_id", "balance_id", "expires_at", "available_at", "id"],
        unique=False,
        postgresql_where=sa.text("remaining > 0"),
    )
    op.create_index(
        "ix_point_lots_transaction_id",
        "point_lots",
        ["business_id", "transaction_id"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("point_lots", app="SELECT, INSERT, UPDATE")
    op.create_table(
        "point_lot_uses",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_point_lot_uses_amount_positive")),
        sa.ForeignKeyConstraint(
            ["business_id", "lot_id"],
            ["point_lots.business_id", "point_lots.id"],
            name=op.f("fk_point_lot_uses_business_id_lot_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "transaction_id"],
            ["point_transactions.business_id", "point_transactions.id"],
            name=op.f("fk_point_lot_uses_business_id_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_point_lot_uses_business_id")
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "transaction_id", "lot_id", name=op.f("pk_point_lot_uses")
        ),
    )
    op.create_index(
        "ix_point_lot_uses_lot_id",
        "point_lot_uses",
        ["business_id", "lot_id"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("point_lot_uses", app="SELECT, INSERT")
    ops.append_only("point_lot_uses")


def downgrade() -> None:
    op.drop_table("point_lot_uses")
    op.drop_table("point_lots")
    op.drop_table("point_transactions")
