"""Rows moved in batches."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "good_nx020"
down_revision = "beginning"
phase = "data"
group = "statuses"
MIGRATION = DataMigration(
    name="fill_status", table="customers", step="UPDATE customers SET status = 'A' WHERE {span}"
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
