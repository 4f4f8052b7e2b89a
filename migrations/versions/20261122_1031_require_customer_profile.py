"""Customer example 1, contract: everybody has a code and an address or a telephone."""

from nxloy_web.schema import backfill, history, online
from nxloy_web.schema.data import DataMigration

revision = "require_customer_profile"
down_revision = "fill_customer_profile"
branch_labels = None
depends_on = None
phase = "contract"
group = "customer_profile"
needs = ("fill_customer_profile",)
min_app = "0.1.0"
down_breaks = (
    "customers WHERE email IS NULL",
    history.Alike("customers", ("business_id", "email"), "deleted_at IS NULL"),
)


# Only where the way back may lose: what stands in the place of an address is none.
NO_ADDRESS = DataMigration(
    name="customers_without_address",
    table="customers",
    step="""
        UPDATE customers SET email = coalesce(phone_e164, id) WHERE {span} AND email IS NULL""",
)


def upgrade() -> None:
    online.set_not_null("customers", "member_code")
    online.add_check(
        "ck_customers_reachable_unless_erased",
        "customers",
        "email_norm IS NOT NULL OR phone_e164 IS NOT NULL OR erased_at IS NOT NULL",
    )
    online.drop_not_null("customers", "email")
    online.drop_index("uq_customers_email_living", "customers")


def downgrade() -> None:
    if history.may_lose():
        backfill.run_once(NO_ADDRESS)
    # Refused where somebody has joined without an e-mail address since.
    online.set_not_null("customers", "email")
    online.create_index(
        "uq_customers_email_living",
        "customers",
        ["business_id", "email"],
        unique=True,
        where="deleted_at IS NULL",
    )
    online.drop_constraint("ck_customers_reachable_unless_erased", "customers")
    online.drop_not_null("customers", "member_code")
