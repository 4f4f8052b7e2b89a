"""Authentication example 1: e-mail verification."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_user_email_verification"
down_revision = "base_tables"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    online.add_columns(
        "users",
        # A constant default is kept in the catalog: no row is rewritten.
        sa.Column("email_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email_verified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )


def downgrade() -> None:
    # nx: assured NX040 who verified can verify again; no row is lost
    online.drop_columns("users", "email_verified", "email_verified_at")
