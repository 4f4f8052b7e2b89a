"""The catalogue's SQL: authentication, example 1."""
# expect: NX010, NX012
# expect: NX031, NX040
# expect: prefer-timestamp-tz, require-lock-timeout
# expect: require-statement-timeout

from alembic import op

revision = "seed_email_verification"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        -- Add email verification fields
        ALTER TABLE "User" ADD COLUMN "emailVerified" BOOLEAN NOT NULL DEFAULT false;
        ALTER TABLE "User" ADD COLUMN "emailVerifiedAt" TIMESTAMP(3);
        """
    )
