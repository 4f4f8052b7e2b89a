"""Data migration example 1, contract: the one name is gone.

The way back puts it together again; only spaces beyond one between words are lost.
"""

import sqlalchemy as sa

from nxloy_web.schema import backfill, online
from nxloy_web.schema.data import DataMigration

revision = "remove_name"
down_revision = "split_customer_names"
branch_labels = None
depends_on = None
phase = "contract"
group = "split_customer_names"
needs = ("split_customer_names",)
min_app = "0.1.0"


TOGETHER = DataMigration(
    name="customer_names_together",
    table="customers",
    step="""
        UPDATE customers SET name = nullif(concat_ws(' ', first_name, last_name), '')
        WHERE {span} AND name IS NULL""",
)


def upgrade() -> None:
    online.run_locked(
        "customers",
        "DROP TRIGGER IF EXISTS nx_keep_customers_names ON customers",
        reason="there is nothing left to keep equal",
    )
    online.drop_columns("customers", "name")


def downgrade() -> None:
    online.add_columns("customers", sa.Column("name", sa.Text(), nullable=True))
    online.run_locked(
        "customers",
        "CREATE OR REPLACE TRIGGER nx_keep_customers_names BEFORE INSERT OR UPDATE ON customers"
        " FOR EACH ROW EXECUTE FUNCTION nx_keep_customers_names()",
        reason="as before upgrade",
    )
    backfill.run_once(TOGETHER)
