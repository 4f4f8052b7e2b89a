"""A way back that loses rows without a word."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx040_loses"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.create_table("notes", sa.Column("id", sa.Text(), primary_key=True))
    ops.open_table("notes", app="SELECT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")  # expect: NX040
