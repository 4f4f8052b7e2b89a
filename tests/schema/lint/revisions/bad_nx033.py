"""A reference that no index serves."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx033"
down_revision = "beginning"
phase = "expand"
down_loses = ("drawers",)


@one_transaction
def upgrade() -> None:
    # expect below: NX033
    op.create_table(
        "drawers",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text()),
        sa.PrimaryKeyConstraint("business_id", "id"),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"], ["customers.business_id", "customers.id"]
        ),
    )
    ops.tenant_table("drawers", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("drawers")
