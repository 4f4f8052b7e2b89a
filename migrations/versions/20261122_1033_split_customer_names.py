"""Data migration example 1, data: names that nobody has written since."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "split_customer_names"
down_revision = "add_first_and_last_name"
branch_labels = None
depends_on = None
phase = "data"
group = "split_customer_names"


MIGRATION = DataMigration(
    name="split_customer_names",
    table="customers",
    # The batches go by key, not by `first_name IS NULL`: a blank name would be met for ever.
    step="""
        UPDATE customers SET (first_name, last_name) =
          (SELECT s.first_name, s.last_name FROM nx_split_name(name) s)
        WHERE {span} AND first_name IS NULL AND last_name IS NULL AND name IS NOT NULL""",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
