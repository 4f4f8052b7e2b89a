"""The catalogue's SQL: the launch, as its schema comes out in SQL, with our column names."""
# expect: NX033
# expect: NX001, NX003
# expect: NX004, NX006
# expect: NX012, NX031
# expect: NX040, prefer-timestamp-tz
# expect: require-lock-timeout, require-statement-timeout

from alembic import op

revision = "seed_loyalty_system"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        CREATE TYPE "TransactionType" AS ENUM ('EARNED', 'REDEEMED', 'EXPIRED');
        CREATE TABLE "point_transactions" (
          "id" TEXT NOT NULL,
          "customer_id" TEXT NOT NULL,
          "program_id" TEXT NOT NULL,
          "business_id" TEXT NOT NULL,
          "type" "TransactionType" NOT NULL,
          "created_at" TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
          CONSTRAINT "point_transactions_pkey" PRIMARY KEY ("id"),
          CONSTRAINT "point_transactions_customer_id_fkey"
            FOREIGN KEY ("customer_id") REFERENCES "customers"("id"),
          CONSTRAINT "point_transactions_program_id_fkey"
            FOREIGN KEY ("program_id") REFERENCES "loyalty_programs"("id")
        );
        CREATE INDEX "point_transactions_type_idx" ON "point_transactions"("type");
        """
    )
