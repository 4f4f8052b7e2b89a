"""A step of several things, one of which changes the schema."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "bad_nx022_many"
down_revision = "beginning"
phase = "data"

# expect below: NX022
MIGRATION = DataMigration(
    "many_things",
    "customers",
    "UPDATE customers SET name = %(x)s WHERE {span}; DROP INDEX ix",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
