"""How often work was tried, and when it is tried again."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_job_tries"
down_revision = "add_unsent_mails"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    online.add_columns(
        "job_runs",
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )


def downgrade() -> None:
    # nx: assured NX040 counted anew with the next try
    online.drop_columns("job_runs", "tries", "next_at")
