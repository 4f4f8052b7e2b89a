"""Columns with a default that is the same for all."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx034"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns(
        "customers",
        sa.Column("seen_at", sa.TIMESTAMP(timezone=True), server_default=sa.text("now()")),
        sa.Column("hats", sa.Integer(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    # nx: assured NX040 nobody wears hats
    online.drop_columns("customers", "seen_at", "hats")
