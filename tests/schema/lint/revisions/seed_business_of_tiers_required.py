"""The catalogue's SQL: multi-tenant example 1, step 3."""
# expect: NX004, NX010
# expect: NX012, NX040
# expect: adding-foreign-key-constraint, adding-not-nullable-field
# expect: constraint-missing-not-valid, require-concurrent-index-creation
# expect: require-lock-timeout, require-statement-timeout

from alembic import op

revision = "seed_business_of_tiers_required"
down_revision = "seed_business_of_tiers_populate"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        -- Only make column NOT NULL (data already populated)
        ALTER TABLE "loyalty_tiers" ALTER COLUMN "businessId" SET NOT NULL;

        -- Add index
        CREATE INDEX "loyalty_tiers_businessId_idx" ON "loyalty_tiers"("businessId");

        -- Add foreign key
        ALTER TABLE "loyalty_tiers" ADD CONSTRAINT "loyalty_tiers_businessId_fkey"
          FOREIGN KEY ("businessId") REFERENCES "businesses"("id");
        """
    )
