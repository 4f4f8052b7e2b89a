"""Names as they are sorted."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_customer_name_norm"
down_revision = "add_customer_name_words"
branch_labels = None
depends_on = None
phase = "expand"
group = "customer_name_search"


def upgrade() -> None:
    online.add_columns(
        "customers",
        sa.Column("name_norm", sa.Text(collation="C"), server_default="", nullable=False),
    )
    online.create_index(
        "ix_customers_name_norm",
        "customers",
        ["business_id", "name_norm", "id"],
        where="deleted_at IS NULL",
    )


def downgrade() -> None:
    # nx: assured NX040 worked out from the name, and can be again
    online.drop_columns("customers", "name_norm")
