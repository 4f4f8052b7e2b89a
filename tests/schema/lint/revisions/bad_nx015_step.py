"""A step that PostgreSQL does not understand."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "bad_nx015_step"
down_revision = "beginning"
phase = "data"

# expect below: NX015
MIGRATION = DataMigration("broken", "customers", "UPDAT customers SET name = 1 WHERE {span}")


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
