"""SQL that can be read before it runs."""

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "good_nx015"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute("COMMENT ON TABLE loyalty_tiers IS 'what a business may buy'")


@one_transaction
def downgrade() -> None:
    op.execute("COMMENT ON TABLE loyalty_tiers IS NULL")
