"""The catalogue's SQL: authentication, example 2."""
# expect: NX002, NX012
# expect: NX031, NX040
# expect: prefer-timestamp-tz, require-lock-timeout
# expect: require-statement-timeout

from alembic import op

revision = "seed_verification_codes"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        -- Create enums
        CREATE TYPE "VerificationType" AS ENUM ('EMAIL', 'PHONE');
        CREATE TYPE "VerificationStatus" AS ENUM ('PENDING', 'VERIFIED', 'EXPIRED', 'FAILED');

        -- Create table
        CREATE TABLE "verification_codes" (
          "id" TEXT NOT NULL,
          "userId" TEXT NOT NULL,
          "type" "VerificationType" NOT NULL,
          "code" TEXT NOT NULL,
          "status" "VerificationStatus" NOT NULL DEFAULT 'PENDING',
          "expiresAt" TIMESTAMP(3) NOT NULL,
          "createdAt" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
          "updatedAt" TIMESTAMP(3) NOT NULL,
          CONSTRAINT "verification_codes_pkey" PRIMARY KEY ("id"),
          CONSTRAINT "verification_codes_userId_fkey"
            FOREIGN KEY ("userId") REFERENCES "User"("id") ON DELETE CASCADE
        );

        -- Create indexes
        CREATE INDEX "verification_codes_userId_idx" ON "verification_codes"("userId");
        CREATE INDEX "verification_codes_code_idx" ON "verification_codes"("code");
        CREATE INDEX "verification_codes_expiresAt_idx" ON "verification_codes"("expiresAt");
        """
    )
