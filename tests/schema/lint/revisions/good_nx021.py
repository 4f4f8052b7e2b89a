"""A revision that says everything itself."""

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "good_nx021"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute("COMMENT ON TABLE loyalty_tiers IS NULL")


@one_transaction
def downgrade() -> None:
    op.execute("SELECT 1")
