"""A redemption takes one of the stock once and gives it back once: an index that says so."""

from nxloy_web.schema import online

revision = "index_stock_movement_redemption"
down_revision = "free_undone_import_keys"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    online.create_index(
        "uq_stock_movements_redemption",
        "stock_movements",
        ["business_id", "redemption_id", "kind"],
        unique=True,
        where="redemption_id IS NOT NULL",
    )


def downgrade() -> None:
    online.drop_index("uq_stock_movements_redemption", "stock_movements")
