"""The catalogue's SQL: soft delete, example 1."""
# expect: NX004, NX010
# expect: NX012, NX031
# expect: NX040, prefer-timestamp-tz
# expect: require-concurrent-index-creation, require-lock-timeout
# expect: require-statement-timeout

from alembic import op

revision = "seed_soft_delete"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "customers" ADD COLUMN "deletedAt" TIMESTAMP(3);
        CREATE INDEX "customers_deletedAt_idx" ON "customers"("deletedAt");
        """
    )
