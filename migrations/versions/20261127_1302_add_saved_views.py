"""Lists that somebody has filtered and keeps: a name and what the address says."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_saved_views"
down_revision = "add_tier_by_hand"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("saved_views",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("of_list", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
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
            "of_list IN ('CUSTOMERS', 'REDEMPTIONS')", name=op.f("ck_saved_views_of_list_members")
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_saved_views_business_id")
        ),
        # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_saved_views_user_id")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_saved_views")),
    )
    op.create_index(
        "uq_saved_views_name",
        "saved_views",
        ["business_id", "user_id", "of_list", "name"],
        unique=True,
    )
    ops.tenant_table("saved_views", app="SELECT, INSERT, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("saved_views")
