"""Complex relationship example 2: customers refer customers."""

import sqlalchemy as sa
from alembic import op

revision = "customer_referral_relationship"
down_revision = "add_customers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("customers", sa.Column("referred_by", sa.Text(), nullable=True))
    op.create_check_constraint(
        op.f("ck_customers_not_referred_by_self"), "customers", "referred_by <> id"
    )
    op.create_foreign_key(
        op.f("fk_customers_business_id_referred_by"),
        "customers",
        "customers",
        ["business_id", "referred_by"],
        ["business_id", "id"],
        ondelete="SET NULL (referred_by)",
    )
    op.create_index(
        "ix_customers_referred_by",
        "customers",
        ["business_id", "referred_by"],
        unique=False,
        postgresql_where=sa.text("referred_by IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_column("customers", "referred_by")
