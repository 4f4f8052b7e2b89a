"""Imports that can be stopped, contract: the index that the wider one has replaced."""

from nxloy_web.schema import online

revision = "drop_import_run_id_index"
down_revision = "import_ways_out"
branch_labels = None
depends_on = None
phase = "contract"
group = "import_ways_out"
min_app = "0.1.0"


def upgrade() -> None:
    online.drop_index("ix_purchases_import_run_id", "purchases")


def downgrade() -> None:
    online.create_index(
        "ix_purchases_import_run_id",
        "purchases",
        ["business_id", "import_run_id"],
        where="import_run_id IS NOT NULL",
    )
