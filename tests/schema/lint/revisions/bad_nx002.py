"""A table that all businesses share, and nobody says so."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "bad_nx002"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table(  # expect below: NX002
        "notes",
        sa.Column("id", sa.Text(), primary_key=True),
    )
    op.execute("GRANT SELECT ON notes TO nx_app")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
