"""The catalogue's SQL: multi-tenant example 1, step 1."""
# expect: NX001, NX010
# expect: NX012, NX040
# expect: require-lock-timeout, require-statement-timeout

from alembic import op

revision = "seed_business_of_tiers_optional"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "loyalty_tiers" ADD COLUMN "business_id" TEXT;
        """
    )
