"""References inside a business, and to what is open."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "good_nx003"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Text()),
        sa.Column("user_id", sa.Text(), sa.ForeignKey("users.id")),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"], ["customers.business_id", "customers.id"]
        ),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("ix_notes", "notes", ["business_id", "customer_id"])
    # nx: assured NX004 a person is deleted, and looked for, across businesses
    op.create_index("ix_notes_user", "notes", ["user_id"])
    ops.tenant_table("notes", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
