"""The catalogue's SQL: zero-downtime example 1, all of its phases."""
# expect: NX010, NX012
# expect: NX020, NX030
# expect: NX040, ban-drop-column
# expect: require-lock-timeout, require-statement-timeout

from alembic import op

revision = "seed_rename"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "customers" ADD COLUMN "pointsBalance" INTEGER
        """
    )
    op.execute(
        """
        UPDATE customers
        SET "pointsBalance" = points
        WHERE "pointsBalance" IS NULL;
        """
    )
    op.execute(
        """
        ALTER TABLE "customers" DROP COLUMN "points"
        """
    )
