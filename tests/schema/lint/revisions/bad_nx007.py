"""Views that read past the policy."""

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "bad_nx007"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute("CREATE VIEW people AS SELECT * FROM customers")  # expect: NX007
    op.execute("CREATE MATERIALIZED VIEW totals AS SELECT 1 AS one")  # expect: NX007


@one_transaction
def downgrade() -> None:
    op.execute("DROP VIEW people")
    op.execute("DROP MATERIALIZED VIEW totals")
