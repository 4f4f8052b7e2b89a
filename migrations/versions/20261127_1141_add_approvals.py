"""Approvals: what waits until somebody else agrees."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_approvals"
down_revision = "add_membership_phone"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("approvals",)


@one_transaction
def upgrade() -> None:
    # nx: assured NX033 a purchase is voided, never deleted, and so is nobody who did something
    op.create_table(
        "approvals",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=True),
        sa.Column("points", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sa.Text(), nullable=True),
        sa.Column("order_ref", sa.Text(), nullable=True),
        sa.Column("location_id", sa.Text(), nullable=True),
        sa.Column("purchase_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("limit_said", sa.Text(), nullable=False),
        sa.Column("asked_by_user_id", sa.Text(), nullable=False),
        sa.Column("asked_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("decided_by_user_id", sa.Text(), nullable=True),
        sa.Column("decided_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
            "kind IN ('ADJUSTMENT', 'PURCHASE', 'VOID')", name=op.f("ck_approvals_kind_members")
        ),
        sa.CheckConstraint(
            "state IN ('WAITING', 'APPROVED', 'REFUSED')", name=op.f("ck_approvals_state_members")
        ),
        sa.CheckConstraint(
            "decided_by_user_id IS NULL OR decided_by_user_id <> asked_by_user_id",
            name=op.f("ck_approvals_decided_by_another"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_approvals_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_user_id"],
            ["users.id"],
            name=op.f("fk_approvals_asked_by_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_user_id"],
            ["users.id"],
            name=op.f("fk_approvals_decided_by_user_id"),
        ),
        *(
            sa.ForeignKeyConstraint(
                ["business_id", column],
                [f"{table}.business_id", f"{table}.id"],
                name=op.f(f"fk_approvals_business_id_{column}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("customer_id", "customers"),
                ("program_id", "loyalty_programs"),
                ("location_id", "locations"),
                ("purchase_id", "purchases"),
            )
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_approvals")),
    )
    op.create_index("ix_approvals_state", "approvals", ["business_id", "state", "asked_at", "id"])
    op.create_index("ix_approvals_customer_id", "approvals", ["business_id", "customer_id"])
    ops.tenant_table("approvals", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    op.drop_table("approvals")
