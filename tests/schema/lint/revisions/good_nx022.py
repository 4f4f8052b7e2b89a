"""A step for the rows of its batch."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "good_nx022"
down_revision = "beginning"
phase = "data"

MIGRATION = DataMigration(
    "some_rows",
    "customers",
    "UPDATE customers SET name = lower(name) WHERE name LIKE 'A%%' AND {span}",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
