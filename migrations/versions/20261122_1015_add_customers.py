"""Customers in their first shape: one name, an e-mail unique in the world, and points.

What comes later mends each of these: see docs/schema.md.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_customers"
down_revision = "add_team"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("customers",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
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
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_customers_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_customers")),
        # nx: assured NX004 the catalogue's first shape; remove_global_email_uniqueness mends it
        sa.UniqueConstraint("email", name=op.f("uq_customers_email")),
    )
    ops.tenant_table("customers", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    op.drop_table("customers")
