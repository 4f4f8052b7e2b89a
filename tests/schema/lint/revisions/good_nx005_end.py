"""A soft delete that puts another unique rule in its place."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx005_end"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns(
        "customers", sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True)
    )
    online.create_index(
        "uq_customers_living",
        "customers",
        ["business_id", "email"],
        unique=True,
        where="deleted_at IS NULL",
    )
    online.drop_constraint("uq_customers_email", "customers")


def downgrade() -> None:
    online.add_unique("uq_customers_email", "customers", ["business_id", "email"])
    # nx: assured NX040 nobody has deleted anything yet
    online.drop_columns("customers", "deleted_at")
