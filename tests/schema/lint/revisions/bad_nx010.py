"""Changes that make people wait."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "bad_nx010"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.add_column("customers", sa.Column("note", sa.Text()))  # expect: NX010
    # expect below: NX010, constraint-missing-not-valid
    op.create_check_constraint("ck", "customers", "note <> ''")
    # expect below: NX010, require-concurrent-index-creation
    op.create_index("ix", "customers", ["business_id", "note"])


@one_transaction
def downgrade() -> None:
    # nx: assured NX040 the notes are not needed
    op.drop_column("customers", "note")  # expect: NX010
