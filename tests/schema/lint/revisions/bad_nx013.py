"""A leftover that is taken for an index."""

from nxloy_web.schema import online

revision = "bad_nx013"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(  # expect: NX013, ban-concurrent-index-creation-in-transaction
        "customers",
        "CREATE INDEX CONCURRENTLY IF NOT EXISTS ix ON customers (business_id, status)",
        reason="it builds beside the writers",
    )


def downgrade() -> None:
    online.drop_index("ix", "customers")
