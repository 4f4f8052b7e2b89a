"""Rows moved while the schema changes."""

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "bad_nx020"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute("UPDATE customers SET status = 'ACTIVE' WHERE status IS NULL")  # expect: NX020


@one_transaction
def downgrade() -> None:
    op.execute("SELECT 1")
