"""The same purchase come again, contract: an undone import keeps its keys, free for another.

The way back takes the keys of undone purchases away, as old code does: they would be taken twice.
"""

from nxloy_web.schema import backfill, online
from nxloy_web.schema.data import DataMigration

revision = "free_undone_import_keys"
down_revision = "fill_purchase_undone_at"
branch_labels = None
depends_on = None
phase = "contract"
group = "purchase_came_before"
needs = ("fill_purchase_undone_at",)
min_app = "0.1.0"

KEYS_AWAY = DataMigration(
    name="take_undone_keys_away",
    table="purchases",
    step="""
        UPDATE purchases SET import_key = NULL
        WHERE {span} AND undone_at IS NOT NULL AND import_key IS NOT NULL""",
)


def upgrade() -> None:
    online.drop_index("uq_purchases_import_key", "purchases")


def downgrade() -> None:
    backfill.run_once(KEYS_AWAY)
    online.create_index(
        "uq_purchases_import_key", "purchases", ["business_id", "import_key"], unique=True
    )
