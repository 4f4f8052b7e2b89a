"""The catalogue's SQL: data migration, example 1, what is left of it in SQL."""
# expect: NX010, NX012
# expect: NX030, NX040
# expect: ban-drop-column, require-lock-timeout
# expect: require-statement-timeout

from alembic import op

revision = "seed_split_names"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        ALTER TABLE "customers" ADD COLUMN "firstName" TEXT, ADD COLUMN "lastName" TEXT;
        ALTER TABLE "customers" DROP COLUMN "name";
        """
    )
