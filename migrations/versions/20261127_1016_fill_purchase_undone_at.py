"""The same purchase come again, data: purchases whose import was undone say so.

Old code takes their key away instead; what it undoes after this has run is brought by the next run:
`flask schema data retry fill_purchase_undone_at`.
"""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import DataMigration

revision = "fill_purchase_undone_at"
down_revision = "add_purchase_came_before"
branch_labels = None
depends_on = None
phase = "data"
group = "purchase_came_before"

UNDONE = (
    "import_run_id IS NOT NULL AND import_key IS NULL AND status = 'VOIDED' AND undone_at IS NULL"
)
MIGRATION = DataMigration(
    name="fill_purchase_undone_at",
    table="purchases",
    step=f"UPDATE purchases SET undone_at = voided_at WHERE {{span}} AND {UNDONE}",
    undecided=f"""
        SELECT jsonb_build_object('business_id', business_id, 'id', id) AS row_key,
               'its import was undone since, so the data migration must run once more' AS reason,
               to_jsonb(purchases) AS row
        FROM purchases WHERE {UNDONE}""",
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
