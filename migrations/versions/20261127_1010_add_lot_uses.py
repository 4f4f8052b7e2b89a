"""Where the points of rewards sit, and what reversals did: the tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_lot_uses"
down_revision = "index_fulfilled_redemptions"
branch_labels = None
depends_on = None
phase = "expand"
group = "lot_uses"
down_loses = ("point_reversals",)

Instant = postgresql.TIMESTAMP(timezone=True)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "point_reversals",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("balance_id", sa.Text(), nullable=False),
        sa.Column("source_kind", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("entry_id", sa.Text(), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("expired", sa.Integer(), server_default="0", nullable=False),
        sa.Column("let_off", sa.Integer(), server_default="0", nullable=False),
        sa.Column("owed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("why", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("occurred_at", Instant, nullable=False),
        sa.Column("created_at", Instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "wanted >= 0 AND moved >= 0", name=op.f("ck_point_reversals_points_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "balance_id"],
            ["customer_balances.business_id", "customer_balances.id"],
            name=op.f("fk_point_reversals_business_id_balance_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "entry_id"],
            ["point_transactions.business_id", "point_transactions.id"],
            name=op.f("fk_point_reversals_business_id_entry_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_point_reversals_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_point_reversals")),
    )
    op.create_index(
        "uq_point_reversals_source",
        "point_reversals",
        ["business_id", "balance_id", "source_kind", "source_id"],
        unique=True,
    )
    op.create_index("ix_point_reversals_source_id", "point_reversals", ["business_id", "source_id"])
    ops.tenant_table("point_reversals", app="SELECT, INSERT")
    ops.append_only("point_reversals")
    op.create_table(
        "lot_uses",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("balance_id", sa.Text(), nullable=False),
        sa.Column("debit_id", sa.Text(), nullable=False),
        sa.Column("home_lot_id", sa.Text(), nullable=False),
        sa.Column("before_seq", sa.BigInteger(), nullable=True),
        sa.Column("seat_lot_id", sa.Text(), nullable=True),
        sa.Column("lot_id", sa.Text(), nullable=True),
        sa.Column("is_owed", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant, server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("amount <> 0", name=op.f("ck_lot_uses_amount_not_zero")),
        sa.CheckConstraint(
            "lot_id IS NULL OR NOT is_owed", name=op.f("ck_lot_uses_owed_sits_in_no_lot")
        ),
        *(
            sa.ForeignKeyConstraint(
                ["business_id", column],
                [f"{table}.business_id", f"{table}.id"],
                name=op.f(f"fk_lot_uses_business_id_{column}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("balance_id", "customer_balances"),
                ("debit_id", "point_transactions"),
                ("home_lot_id", "point_lots"),
                ("lot_id", "point_lots"),
                ("seat_lot_id", "point_lots"),
            )
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_lot_uses_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_lot_uses")),
    )
    for column, condition in (
        ("debit_id", None),
        ("home_lot_id", None),
        ("lot_id", None),
        ("seat_lot_id", "seat_lot_id IS NOT NULL"),
    ):
        op.create_index(
            f"ix_lot_uses_{column}",
            "lot_uses",
            ["business_id", column],
            postgresql_where=None if condition is None else sa.text(condition),
        )
    op.create_index(
        "ix_lot_uses_away",
        "lot_uses",
        ["business_id", "balance_id"],
        postgresql_where=sa.text(
            "lot_id IS DISTINCT FROM home_lot_id OR before_seq IS NOT NULL "
            "OR seat_lot_id IS NOT NULL"
        ),
    )
    ops.tenant_table("lot_uses", app="SELECT, INSERT")
    ops.append_only("lot_uses")


@one_transaction
def downgrade() -> None:
    # nx: assured NX040 require_lot_worth has made the old uses of them on its way back
    op.drop_table("lot_uses")
    op.drop_table("point_reversals")
