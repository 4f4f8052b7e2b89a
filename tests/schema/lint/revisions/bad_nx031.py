"""Types that will be regretted."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx031"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table(  # expect: prefer-timestamp-tz
        "notes",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("customer_id", sa.Integer()),  # expect: NX031
        sa.Column("body", sa.JSON()),  # expect: NX031
        sa.Column("seen_at", sa.DateTime()),  # expect: NX031
        sa.Column("place", postgresql.TIMESTAMP(precision=3)),  # expect: NX031
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    ops.tenant_table("notes", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
