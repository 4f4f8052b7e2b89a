"""The catalogue's SQL: complex relationships, example 2."""
# expect: NX003, NX004
# expect: NX010, NX012
# expect: NX040, adding-foreign-key-constraint
# expect: constraint-missing-not-valid, require-concurrent-index-creation
# expect: require-lock-timeout, require-statement-timeout

from alembic import op

revision = "seed_referrals"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "customers" ADD COLUMN "referredBy" TEXT;
        CREATE INDEX "customers_referredBy_idx" ON "customers"("referredBy");
        ALTER TABLE "customers" ADD CONSTRAINT "customers_referredBy_fkey"
          FOREIGN KEY ("referredBy") REFERENCES "customers"("id");
        """
    )
