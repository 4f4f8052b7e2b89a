"""Complex relationship example 1: customers in segments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "customer_segment_relationship"
down_revision = "add_customer_segments"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("customer_segments_mapping",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "customer_segments_mapping",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("segment_id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.Column(
            "assigned_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_customer_segments_mapping_business_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "segment_id"],
            ["customer_segments.business_id", "customer_segments.id"],
            name=op.f("fk_customer_segments_mapping_business_id_segment_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"],
            ["businesses.id"],
            name=op.f("fk_customer_segments_mapping_business_id"),
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "segment_id", "customer_id", name=op.f("pk_customer_segments_mapping")
        ),
    )
    op.create_index(
        "ix_customer_segments_mapping_customer_id",
        "customer_segments_mapping",
        ["business_id", "customer_id"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("customer_segments_mapping", app="SELECT, INSERT, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("customer_segments_mapping")
