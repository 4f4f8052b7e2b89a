"""Data migration example 1, contract: the one name is gone.

The way back puts it together again; only spaces beyond one between words are lost.
"""

import sqlalchemy as sa

from nxloy_web.schema import backfill, history, online
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
    # nx: assured ban-drop-function only the trigger called it
    history.earlier("add_first_and_last_name").let_go()
    online.drop_columns("customers", "name")


def downgrade() -> None:
    online.add_columns("customers", sa.Column("name", sa.Text(), nullable=True))
    history.earlier("add_first_and_last_name").keep()
    backfill.run_once(TOGETHER)
