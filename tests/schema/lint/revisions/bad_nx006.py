"""Indexes that no query can use under the policy."""

from nxloy_web.schema import online

revision = "bad_nx006"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    for column in ("lower(email)", "spent"):
        # expect below: NX006
        online.create_index("ix_customers", "customers", ["business_id", column])
    # expect below: require-concurrent-index-creation
    online.run_locked(
        "customers",
        # expect below: NX006, NX035
        "CREATE INDEX ix_words ON customers USING gin (business_id, email gin_trgm_ops)",
        reason="searching for words in the middle",
    )


def downgrade() -> None:
    online.drop_index("ix_customers", "customers")
