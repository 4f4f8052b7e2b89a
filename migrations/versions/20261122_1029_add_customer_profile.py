"""Customer example 1: the profile."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_customer_profile"
down_revision = "remove_global_email_uniqueness"
branch_labels = None
depends_on = None
phase = "expand"
# A member code may stand on a printed card.
down_loses = (
    "customers WHERE member_code IS NOT NULL OR user_id IS NOT NULL OR external_id IS NOT NULL"
    " OR phone_number IS NOT NULL OR phone_e164 IS NOT NULL OR status <> 'ACTIVE'"
    " OR date_of_birth IS NOT NULL OR gender IS NOT NULL OR avatar IS NOT NULL"
    " OR preferences <> '{}' OR tags <> '{}' OR NOT email_opt_in OR sms_opt_in"
    " OR erased_at IS NOT NULL OR purchase_count <> 0",
)
group = "customer_profile"


TABLE = "customers"
COLUMNS: tuple[sa.Column[object], ...] = (
    sa.Column("user_id", sa.Text(), nullable=True),
    sa.Column("member_code", sa.Text(collation="C"), nullable=True),
    sa.Column("external_id", sa.Text(collation="C"), nullable=True),
    sa.Column("email_norm", sa.Text(collation="C"), nullable=True),
    sa.Column("phone_number", sa.Text(), nullable=True),
    sa.Column("phone_e164", sa.Text(collation="C"), nullable=True),
    # Those who are there are customers already; only those to come begin as pending.
    sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
    sa.Column("date_of_birth", sa.Date(), nullable=True),
    sa.Column("gender", sa.Text(), nullable=True),
    sa.Column("avatar", sa.Text(), nullable=True),
    sa.Column("preferences", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    sa.Column("email_opt_in", sa.Boolean(), server_default=sa.text("true"), nullable=False),
    sa.Column("sms_opt_in", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    sa.Column("erased_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column("purchase_count", sa.Integer(), server_default="0", nullable=False),
    sa.Column("spent_minor", sa.BigInteger(), server_default="0", nullable=False),
    sa.Column("first_purchase_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column("last_purchase_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    sa.Column("version", sa.Integer(), server_default="1", nullable=False),
)
LIVING = "deleted_at IS NULL"
BOUGHT = "(coalesce(last_purchase_at, '-infinity'::timestamptz))"


def upgrade() -> None:
    online.add_columns(TABLE, *COLUMNS)
    online.set_default(TABLE, "status", "'PENDING'")
    online.add_check(
        "ck_customers_status_members",
        TABLE,
        "status IN ('ACTIVE', 'INACTIVE', 'BLOCKED', 'PENDING')",
    )
    online.add_foreign_key("fk_customers_user_id", TABLE, ["user_id"], "users", ["id"])
    for name, columns in (
        ("ix_customers_created_at", ["business_id", "created_at", "id"]),
        ("ix_customers_last_purchase", ["business_id", BOUGHT, "id"]),
        ("ix_customers_spent", ["business_id", "spent_minor", "id"]),
        ("ix_customers_status", ["business_id", "status"]),
    ):
        online.create_index(name, TABLE, columns, where=LIVING)
    # nx: assured NX004 the sign-in door looks for a person in every business
    online.create_index("ix_customers_user_id", TABLE, ["user_id"])
    for column in ("email_norm", "phone_e164", "external_id", "user_id"):
        online.create_index(
            f"uq_customers_{column}", TABLE, ["business_id", column], unique=True, where=LIVING
        )
    # nx: assured NX005 a code on a printed card is never given to somebody else
    online.create_index(
        "uq_customers_member_code", TABLE, ["business_id", "member_code"], unique=True
    )


def downgrade() -> None:
    online.drop_columns(TABLE, *(column.name for column in COLUMNS))
    online.drop_index("ix_customers_created_at", TABLE)
