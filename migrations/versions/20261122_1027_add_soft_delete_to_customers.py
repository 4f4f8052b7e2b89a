"""Soft delete example 1: customers may be deleted, and an address is unique among the living."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_soft_delete_to_customers"
down_revision = "add_earning_rules"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("customers WHERE deleted_at IS NOT NULL",)
group = "customer_soft_delete"


def upgrade() -> None:
    online.add_columns(
        "customers", sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True)
    )
    online.create_index(
        "ix_customers_deleted_at",
        "customers",
        ["business_id", "deleted_at"],
        where="deleted_at IS NOT NULL",
    )
    # Beside the old rule, which is stricter: nobody can break the one before the other is gone.
    online.create_index(
        "uq_customers_email_living",
        "customers",
        ["business_id", "email"],
        unique=True,
        where="deleted_at IS NULL",
    )


def downgrade() -> None:
    online.drop_index("uq_customers_email_living", "customers")
    online.drop_columns("customers", "deleted_at")
