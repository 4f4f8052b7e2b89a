"""Soft delete example 1, contract: the same address in two businesses is two customers.

The rule that held in the whole world told one business of another's customers.
"""

from nxloy_web.schema import backfill, history, online
from nxloy_web.schema.data import DataMigration

revision = "remove_global_email_uniqueness"
down_revision = "add_soft_delete_to_customers"
branch_labels = None
depends_on = None
phase = "contract"
group = "customer_soft_delete"
min_app = "0.1.0"
down_breaks = (history.Alike("customers", ("email",)),)


# Only where the way back may lose: the later of two customers keeps an address that is none.
APART = DataMigration(
    name="customer_emails_apart",
    table="customers",
    alias="c",
    step="""
        UPDATE customers c SET email = concat_ws(' ', c.email, c.business_id, c.id)
        WHERE {span} AND EXISTS (
          SELECT FROM customers o
          WHERE o.email = c.email AND (o.business_id, o.id) < (c.business_id, c.id))""",
)


def upgrade() -> None:
    online.drop_constraint("uq_customers_email", "customers")


def downgrade() -> None:
    if history.may_lose():
        backfill.run_once(APART)
    # Refused, with their ids, where two businesses know the same person by now.
    online.add_unique("uq_customers_email", "customers", ["email"])
