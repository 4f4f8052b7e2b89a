"""Which credits are unspent, and which debit used what of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_point_lots"
down_revision = "add_point_transactions"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "point_lots",
    "point_lot_uses",
)


@one_transaction
def upgrade() -> None:
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


@one_transaction
def downgrade() -> None:
    op.drop_table("point_lot_uses")
    op.drop_table("point_lots")
