"""Soft delete example 1, contract: the same address in two businesses is two customers.

The rule that held in the whole world told one business of another's customers.
"""

from nxloy_web.schema import online

revision = "remove_global_email_uniqueness"
down_revision = "add_soft_delete_to_customers"
branch_labels = None
depends_on = None
phase = "contract"
group = "customer_soft_delete"
min_app = "0.1.0"


def upgrade() -> None:
    online.drop_constraint("uq_customers_email", "customers")


def downgrade() -> None:
    # Refused, with their ids, where two businesses know the same person by now.
    online.add_unique("uq_customers_email", "customers", ["email"])
