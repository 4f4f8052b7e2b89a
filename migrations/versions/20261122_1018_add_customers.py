"""Customer example 1: customers, with soft delete and names in two parts."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops

revision = "add_customers"
down_revision = "add_earning_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customers",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=True),
        sa.Column("member_code", sa.Text(collation="C"), nullable=False),
        sa.Column("external_id", sa.Text(collation="C"), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("email_norm", sa.Text(collation="C"), nullable=True),
        sa.Column("phone_number", sa.Text(), nullable=True),
        sa.Column("phone_e164", sa.Text(collation="C"), nullable=True),
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
        sa.Column("name_norm", sa.Text(collation="C"), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="PENDING", nullable=False),
        sa.Column("date_of_birth", sa.Date(), nullable=True),
        sa.Column("gender", sa.Text(), nullable=True),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column(
            "preferences", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("email_opt_in", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("sms_opt_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("erased_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("purchase_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spent_minor", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("first_purchase_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("last_purchase_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("deleted_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.CheckConstraint(
            "status IN ('ACTIVE', 'INACTIVE', 'BLOCKED', 'PENDING')",
            name=op.f("ck_customers_status_members"),
        ),
        sa.CheckConstraint(
            "email_norm IS NOT NULL OR phone_e164 IS NOT NULL OR erased_at IS NOT NULL",
            name=op.f("ck_customers_reachable_unless_erased"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_customers_business_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_customers_user_id")),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_customers")),
    )
    op.create_index(
        "ix_customers_created_at",
        "customers",
        ["business_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_customers_deleted_at",
        "customers",
        ["business_id", "deleted_at"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NOT NULL"),
    )
    op.create_index(
        "ix_customers_last_purchase",
        "customers",
        [
            "business_id",
            sa.text("coalesce(last_purchase_at, '-infinity'::timestamptz)"),
            "id",
        ],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_customers_name_norm",
        "customers",
        ["business_id", "name_norm", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_customers_spent",
        "customers",
        ["business_id", "spent_minor", "id"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "ix_customers_status",
        "customers",
        ["business_id", "status"],
        unique=False,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index("ix_customers_user_id", "customers", ["user_id"], unique=False)
    op.create_index(
        "uq_customers_email_norm",
        "customers",
        ["business_id", "email_norm"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_customers_external_id",
        "customers",
        ["business_id", "external_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_customers_member_code", "customers", ["business_id", "member_code"], unique=True
    )
    op.create_index(
        "uq_customers_phone_e164",
        "customers",
        ["business_id", "phone_e164"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.create_index(
        "uq_customers_user_id",
        "customers",
        ["business_id", "user_id"],
        unique=True,
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    ops.tenant_table("customers", app="SELECT, INSERT, UPDATE")
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


def downgrade() -> None:
    op.drop_table("customer_name_words")
    op.drop_table("customers")
