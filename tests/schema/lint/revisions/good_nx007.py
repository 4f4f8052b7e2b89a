"""A view that reads as who asks."""

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "good_nx007"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute("CREATE VIEW people WITH (security_invoker = true) AS SELECT id FROM customers")


@one_transaction
def downgrade() -> None:
    op.execute("DROP VIEW people")
