"""Names as they are searched: a table of words."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_customer_name_words"
down_revision = "remove_name"
branch_labels = None
depends_on = None
phase = "expand"
group = "customer_name_search"


@one_transaction
def upgrade() -> None:
    op.create_table(
        "customer_name_words",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(collation="C"), nullable=False),
        sa.Column("customer_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id", "customer_id"],
            ["customers.business_id", "customers.id"],
            name=op.f("fk_customer_name_words_business_id_customer_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_customer_name_words_business_id")
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "word", "customer_id", name=op.f("pk_customer_name_words")
        ),
    )
    op.create_index(
        "ix_customer_name_words_customer_id",
        "customer_name_words",
        ["business_id", "customer_id"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("customer_name_words", app="SELECT, INSERT, DELETE")


@one_transaction
def downgrade() -> None:
    # nx: assured NX040 worked out from names and tags, and can be again
    op.drop_table("customer_name_words")
