"""A data migration that is declared and never run."""  # expect: NX020

from nxloy_web.schema import online
from nxloy_web.schema.data import DataMigration

revision = "bad_nx020_shape"
down_revision = "beginning"
phase = "data"
MIGRATION = DataMigration(
    name="fill_statuses", table="customers", step="UPDATE customers SET status = 'A' WHERE {span}"
)


def upgrade() -> None:
    online.set_default("customers", "status", "'A'")


def downgrade() -> None:
    online.set_default("customers", "status", None)
