"""Imports that can be stopped and discarded, whose files go away by themselves, and whose undo
finds the next purchases of a run without reading the others."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "import_ways_out"
down_revision = "confirm_fronts"
branch_labels = None
depends_on = None
phase = "expand"
group = "import_ways_out"
down_loses = ("uploaded_files WHERE removed_at IS NOT NULL",)
down_breaks = ("import_runs WHERE state IN ('STOPPED', 'DISCARDED')",)

RULE = "ck_import_runs_state_members"
BEFORE = "'UPLOADED', 'CHECKING', 'CHECKED', 'RUNNING', 'DONE', 'UNDOING', 'UNDONE', 'FAILED'"


def upgrade() -> None:
    online.replace_check(RULE, "import_runs", f"state IN ({BEFORE}, 'STOPPED', 'DISCARDED')")
    online.add_columns(
        "import_runs",
        sa.Column("totals", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
    )
    online.add_columns(
        "uploaded_files",
        sa.Column("removed_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )
    online.run_locked(
        "uploaded_files",
        "GRANT UPDATE (content, removed_at) ON uploaded_files TO nx_app, nx_worker",
        reason="rights are noted in the catalog; no row is read",
    )
    online.create_index(
        "ix_uploaded_files_kept",
        "uploaded_files",
        ["business_id", "created_at"],
        where="removed_at IS NULL",
    )
    online.create_index(
        "ix_purchases_import_run",
        "purchases",
        ["business_id", "import_run_id", "customer_id", "occurred_at", "id"],
        where="import_run_id IS NOT NULL",
    )


def downgrade() -> None:
    # Refused by the rule itself while an import is stopped or discarded.
    online.replace_check(RULE, "import_runs", f"state IN ({BEFORE})")
    online.drop_index("ix_purchases_import_run", "purchases")
    online.drop_index("ix_uploaded_files_kept", "uploaded_files")
    online.run_locked(
        "uploaded_files",
        "REVOKE UPDATE (content, removed_at) ON uploaded_files FROM nx_app, nx_worker",
        reason="rights are noted in the catalog; no row is read",
    )
    online.drop_columns("uploaded_files", "removed_at")
    # nx: assured NX040 what a check has added up is added up again by the next one
    online.drop_columns("import_runs", "totals")
