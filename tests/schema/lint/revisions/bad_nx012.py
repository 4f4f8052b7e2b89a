"""A new table without a lock timeout."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops

revision = "bad_nx012"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


def upgrade() -> None:
    op.create_table("notes", sa.Column("id", sa.Text(), primary_key=True))  # expect: NX012
    ops.open_table("notes", app="SELECT")  # expect: require-lock-timeout, require-statement-timeout


def downgrade() -> None:
    op.drop_table("notes")
