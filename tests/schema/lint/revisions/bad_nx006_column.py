"""A native enum in a table of businesses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx006_column"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column(
            "kind",  # expect: NX006
            postgresql.ENUM("SMALL", "LARGE", name="kind", create_type=False),
        ),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    ops.tenant_table("notes", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
