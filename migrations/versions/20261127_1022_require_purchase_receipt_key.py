"""Receipts compared as people read them, contract: every receipt has its key."""

from nxloy_web.schema import history, online

revision = "require_purchase_receipt_key"
down_revision = "fill_purchase_receipt_key"
branch_labels = None
depends_on = None
phase = "contract"
group = "purchase_receipt_key"
needs = ("fill_purchase_receipt_key",)
min_app = "0.1.0"
down_breaks = (
    history.Alike(
        "purchases",
        ("business_id", "order_ref"),
        "order_ref IS NOT NULL AND status = 'RECORDED'",
    ),
)


def upgrade() -> None:
    online.add_check(
        "ck_purchases_receipt_key", "purchases", "(order_ref IS NULL) = (receipt_key IS NULL)"
    )
    online.drop_index("uq_purchases_order_ref", "purchases")
    online.drop_index("ix_purchases_order_ref", "purchases")


def downgrade() -> None:
    online.create_index(
        "ix_purchases_order_ref",
        "purchases",
        ["business_id", "order_ref"],
        where="order_ref IS NOT NULL",
    )
    online.create_index(
        "uq_purchases_order_ref",
        "purchases",
        ["business_id", "order_ref"],
        unique=True,
        where="order_ref IS NOT NULL AND status = 'RECORDED'",
    )
    online.drop_constraint("ck_purchases_receipt_key", "purchases")
