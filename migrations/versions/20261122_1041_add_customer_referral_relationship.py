"""Complex relationship example 2: customers are referred by customers."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "customer_referral_relationship"
down_revision = "remove_points_column"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("customers WHERE referred_by IS NOT NULL",)


def upgrade() -> None:
    online.add_columns("customers", sa.Column("referred_by", sa.Text(), nullable=True))
    online.add_check("ck_customers_not_referred_by_self", "customers", "referred_by <> id")
    online.create_index(
        "ix_customers_referred_by",
        "customers",
        ["business_id", "referred_by"],
        where="referred_by IS NOT NULL",
    )
    online.add_foreign_key(
        "fk_customers_business_id_referred_by",
        "customers",
        ["business_id", "referred_by"],
        "customers",
        ["business_id", "id"],
        ondelete="SET NULL (referred_by)",
    )


def downgrade() -> None:
    online.drop_columns("customers", "referred_by")
