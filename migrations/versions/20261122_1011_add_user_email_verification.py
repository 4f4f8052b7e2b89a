"""Authentication example 1: e-mail verification."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_user_email_verification"
down_revision = "base_tables"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("users WHERE email_verified",)

NEW = "email_verified, email_verified_at"


def upgrade() -> None:
    online.add_columns(
        "users",
        # A constant default is kept in the catalog: no row is rewritten.
        sa.Column("email_verified", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email_verified_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
    )
    online.run_locked(
        "users",
        f"GRANT INSERT ({NEW}), UPDATE ({NEW}) ON users TO nx_app, nx_worker",
        reason="rights are noted in the catalog; no row is read",
    )


def downgrade() -> None:
    online.drop_columns("users", "email_verified", "email_verified_at")
