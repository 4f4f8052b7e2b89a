"""What customers bought."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_purchases"
down_revision = "add_imports"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("purchases",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "purchases",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="RECORDED", nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("items", sa.Integer(), nullable=True),
        sa.Column("order_ref", sa.Text(collation="C"), nullable=True),
        sa.Column("import_key", sa.Text(collation="C"), nullable=True),
        sa.Column("import_run_id", sa.Text(), nullable=True),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("why", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("by_user_id", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("voided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=True),
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
        sa.CheckConstraint("currency ~ '^[A-Z]{3}$'", name=op.f("ck_purchases_currency_iso")),
        sa.CheckConstraint(
            "status IN ('RECORDED', 'VOIDED')", name=op.f("ck_purchases_status_members")
        ),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_purchases_amount_not_negative")),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_purchases_business_id_customer_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "import_run_id"],
            ["import_runs.business_id", "import_runs.id"],
            name=op.f("fk_purchases_business_id_import_run_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "location_id"],
            ["locations.business_id", "locations.id"],
            name=op.f("fk_purchases_business_id_location_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_purchases_business_id_program_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_purchases_business_id")
        ),
        # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
        sa.ForeignKeyConstraint(["by_user_id"], ["users.id"], name=op.f("fk_purchases_by_user_id")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_purchases")),
    )
    op.create_index(
        "ix_purchases_customer_id",
        "purchases",
        ["business_id", "customer_id", "occurred_at"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_purchases_import_run_id",
        "purchases",
        ["business_id", "import_run_id"],
        unique=False,
        postgresql_where=sa.text("import_run_id IS NOT NULL"),
    )
    op.create_index(
        "ix_purchases_occurred_at",
        "purchases",
        ["business_id", "occurred_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "uq_purchases_import_key", "purchases", ["business_id", "import_key"], unique=True
    )
    op.create_index(
        "uq_purchases_order_ref",
        "purchases",
        ["business_id", "order_ref"],
        unique=True,
        postgresql_where=sa.text("order_ref IS NOT NULL AND status = 'RECORDED'"),
    )
    ops.tenant_table("purchases", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    op.drop_table("purchases")
