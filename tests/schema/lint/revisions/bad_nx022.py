"""A step that does all rows in each batch."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "bad_nx022"
down_revision = "beginning"
phase = "data"

# expect below: NX022, NX019
MIGRATION = DataMigration("all_rows", "customers", "UPDATE customers SET name = ''")


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
