"""Lists in the order of points, tiers and visits: an index for each, so that a page stays a page."""

from nxloy_web.schema import online

revision = "index_list_orders"
down_revision = "add_point_name"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    online.create_index(
        "ix_customers_purchase_count",
        "customers",
        ["business_id", "purchase_count", "id"],
        where="deleted_at IS NULL",
    )
    online.create_index(
        "ix_customer_balances_points",
        "customer_balances",
        ["business_id", "program_id", "spendable", "customer_id"],
    )
    online.create_index(
        "ix_customer_balances_tier",
        "customer_balances",
        ["business_id", "program_id", "tier_id", "customer_id"],
    )
    online.create_index(
        "ix_reward_redemptions_points_cost",
        "reward_redemptions",
        ["business_id", "points_cost", "id"],
    )
    online.drop_index("ix_customer_balances_program_id", "customer_balances")


def downgrade() -> None:
    online.create_index(
        "ix_customer_balances_program_id",
        "customer_balances",
        ["business_id", "program_id", "spendable"],
    )
    online.drop_index("ix_reward_redemptions_points_cost", "reward_redemptions")
    online.drop_index("ix_customer_balances_tier", "customer_balances")
    online.drop_index("ix_customer_balances_points", "customer_balances")
    online.drop_index("ix_customers_purchase_count", "customers")
