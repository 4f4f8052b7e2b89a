"""A revision that reads what the application says today."""

from alembic import op

from nxloy_web.permissions import Permission as Plan  # expect: NX021
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx021"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.execute(f"COMMENT ON TABLE {Plan.__name__} IS NULL")


@one_transaction
def downgrade() -> None:
    op.execute("SELECT 1")
