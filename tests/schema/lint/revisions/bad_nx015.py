"""SQL that depends on what is in the database."""  # expect: NX015

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "bad_nx015"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.get_bind().execute(sa.text("SELECT 1")).scalar_one()


@one_transaction
def downgrade() -> None:
    op.execute("SELECT 1")
