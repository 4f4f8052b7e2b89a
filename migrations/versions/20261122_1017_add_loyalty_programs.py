"""Loyalty example 1: what programs have beyond the launch."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_loyalty_programs"
down_revision = "add_loyalty_system"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "loyalty_programs WHERE description IS NOT NULL OR status <> 'ACTIVE'"
    " OR points_name <> 'Points' OR settings <> '{}'",
)


def upgrade() -> None:
    online.add_columns(
        "loyalty_programs",
        sa.Column("description", sa.Text(), nullable=True),
        # Those that were launched are at work; only the ones to come begin as drafts.
        sa.Column("status", sa.Text(), server_default="ACTIVE", nullable=False),
        sa.Column("points_name", sa.Text(), server_default="Points", nullable=False),
        sa.Column("settings", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
    )
    online.set_default("loyalty_programs", "status", "'DRAFT'")
    online.add_check(
        "ck_loyalty_programs_status_members",
        "loyalty_programs",
        "status IN ('DRAFT', 'ACTIVE', 'PAUSED', 'ARCHIVED')",
    )
    online.create_index(
        "ix_loyalty_programs_status",
        "loyalty_programs",
        ["business_id", "status"],
        where="deleted_at IS NULL",
    )


def downgrade() -> None:
    online.drop_columns(
        "loyalty_programs", "description", "status", "points_name", "settings", "version"
    )
