"""Receipts compared as people read them, expand: the number in one spelling."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_purchase_receipt_key"
down_revision = "index_stock_movement_redemption"
branch_labels = None
depends_on = None
phase = "expand"
group = "purchase_receipt_key"


def upgrade() -> None:
    online.add_columns("purchases", sa.Column("receipt_key", sa.Text(collation="C"), nullable=True))
    online.create_index(
        "uq_purchases_receipt_key",
        "purchases",
        ["business_id", "receipt_key"],
        unique=True,
        where="receipt_key IS NOT NULL AND status = 'RECORDED'",
    )
    online.create_index(
        "ix_purchases_receipt_key",
        "purchases",
        ["business_id", "receipt_key"],
        where="receipt_key IS NOT NULL",
    )


def downgrade() -> None:
    online.drop_index("ix_purchases_receipt_key", "purchases")
    online.drop_index("uq_purchases_receipt_key", "purchases")
    # nx: assured NX040 worked out from the receipt's number, and can be again
    online.drop_columns("purchases", "receipt_key")
