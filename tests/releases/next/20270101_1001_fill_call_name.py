"""How a customer is called, data: those who were there."""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "fill_call_name"
down_revision = "add_call_name"
branch_labels = None
depends_on = None
phase = "data"
group = "call_name"

MIGRATION = DataMigration(
    name="fill_call_name",
    table="customers",
    step="UPDATE customers SET member_code = member_code WHERE {span} AND call_name IS NULL",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
