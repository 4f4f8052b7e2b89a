"""An assurance with a reason."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "good_nx000"
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
    # nx: assured NX004 a letter carries nothing but this id,
    # and is looked up before the business is known
    op.create_index("ix_notes_id", "notes", ["id"])
    ops.tenant_table("notes", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
