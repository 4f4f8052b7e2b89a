"""The same purchase come again, expand: what it was before, and when its import was undone."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_purchase_came_before"
down_revision = "drop_point_lot_uses"
branch_labels = None
depends_on = None
phase = "expand"
group = "purchase_came_before"


def upgrade() -> None:
    online.add_columns(
        "purchases",
        sa.Column("undone_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("came_before_id", sa.Text(), nullable=True),
    )
    online.create_index(
        "ix_purchases_came_before_id",
        "purchases",
        ["business_id", "came_before_id"],
        where="came_before_id IS NOT NULL",
    )
    online.add_foreign_key(
        "fk_purchases_business_id_came_before_id",
        "purchases",
        ["business_id", "came_before_id"],
        "purchases",
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    online.create_index(
        "uq_purchases_living_import_key",
        "purchases",
        ["business_id", "import_key"],
        unique=True,
        where="import_key IS NOT NULL AND undone_at IS NULL",
    )
    for column in ("import_key", "order_ref"):
        online.create_index(
            f"ix_purchases_{column}",
            "purchases",
            ["business_id", column],
            where=f"{column} IS NOT NULL",
        )


def downgrade() -> None:
    for name in (
        "ix_purchases_order_ref",
        "ix_purchases_import_key",
        "uq_purchases_living_import_key",
    ):
        online.drop_index(name, "purchases")
    online.drop_constraint("fk_purchases_business_id_came_before_id", "purchases")
    online.drop_index("ix_purchases_came_before_id", "purchases")
    # nx: assured NX040 the keys of undone purchases were taken away again, as old code does
    online.drop_columns("purchases", "undone_at", "came_before_id")
