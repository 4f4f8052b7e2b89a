"""No way back."""  # expect: NX040

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx040"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.create_table("notes", sa.Column("id", sa.Text(), primary_key=True))
    ops.open_table("notes", app="SELECT")
