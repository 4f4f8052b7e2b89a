"""Customer example 2: segments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_customer_segments"
down_revision = "customer_referral_relationship"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("customer_segments",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "customer_segments",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("rules", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("member_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("refreshed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
            "kind IN ('DYNAMIC', 'MANUAL')", name=op.f("ck_customer_segments_kind_members")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_customer_segments_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_customer_segments")),
    )
    op.create_index(
        "ix_customer_segments_deleted_at",
        "customer_segments",
        ["business_id", "deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "uq_customer_segments_name",
        "customer_segments",
        ["business_id", "name"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    ops.tenant_table("customer_segments", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    op.drop_table("customer_segments")
