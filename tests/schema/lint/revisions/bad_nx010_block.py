"""A block whose locks nobody can see."""

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "bad_nx010_block"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute("DO $$ BEGIN EXECUTE 'ALTER TABLE customers ADD note text'; END $$")  # expect: NX010


@one_transaction
def downgrade() -> None:
    op.execute("SELECT 1")
