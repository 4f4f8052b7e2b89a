"""A table that is open on purpose."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "good_nx002"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table("notes", sa.Column("id", sa.Text(), primary_key=True))
    ops.open_table("notes", app="SELECT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
