"""The real-world launch: programs, tiers, balances and the ledger, in one revision.

Four new tables; existing ones are only referred to. The enums are as short as the launch needs,
and the tiers were given no business: the revisions after this one grow the former and mend the
latter.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_loyalty_system"
down_revision = "add_customers"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "loyalty_programs",
    "loyalty_tiers",
    "customer_balances",
    "point_transactions",
)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "loyalty_programs",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
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
            "type IN ('POINTS', 'STAMPS', 'TIERED')",
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
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "uq_loyalty_programs_name",
        "loyalty_programs",
        ["business_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    ops.tenant_table("loyalty_programs", app="SELECT, INSERT, UPDATE")
    # The catalogue's mistake, kept so that mending it is shown: whose tier is it?
    op.create_table(
        "loyalty_tiers",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("min_points", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loyalty_tiers")),
    )
    ops.open_table("loyalty_tiers", app="SELECT, INSERT, UPDATE")
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
        "uq_customer_balances_customer_program",
        "customer_balances",
        ["business_id", "customer_id", "program_id"],
        unique=True,
    )
    ops.tenant_table("customer_balances", app="SELECT, INSERT, UPDATE")
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
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("by_user_id", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "type IN ('EARNED', 'REDEEMED', 'EXPIRED')",
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
            ["by_user_id"],
            ["users.id"],
            # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
            name=op.f("fk_point_transactions_by_user_id"),
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


@one_transaction
def downgrade() -> None:
    op.drop_table("point_transactions")
    op.drop_table("customer_balances")
    op.drop_table("loyalty_tiers")
    op.drop_table("loyalty_programs")
