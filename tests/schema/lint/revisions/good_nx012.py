"""A new table in one transaction."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "good_nx012"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    ops.tenant_table("notes", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
