"""What a lot is worth, what a balance owes, and a key of entries that has room for programs."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import online

revision = "add_lot_worth"
down_revision = "add_lot_uses"
branch_labels = None
depends_on = None
phase = "expand"
group = "lot_uses"

Instant = postgresql.TIMESTAMP(timezone=True)


def upgrade() -> None:
    online.add_columns(
        "customer_balances",
        sa.Column("owed", sa.Integer(), server_default="0", nullable=False),
        sa.Column("let_off", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tier_needs", sa.Integer(), nullable=True),
        sa.Column("has_marks", sa.Boolean(), server_default=sa.text("false"), nullable=False),
    )
    online.add_columns(
        "point_lots",
        sa.Column("worth", sa.Integer(), nullable=True),
        sa.Column("expired", sa.Integer(), server_default="0", nullable=False),
        sa.Column("revived_at", Instant, nullable=True),
        sa.Column("first_expires_at", Instant, nullable=True),
        sa.Column("again_of_id", sa.Text(), nullable=True),
    )
    online.create_index(
        "ix_point_lots_again_of_id",
        "point_lots",
        ["business_id", "again_of_id"],
        where="again_of_id IS NOT NULL",
    )
    online.add_foreign_key(
        "fk_point_lots_business_id_again_of_id",
        "point_lots",
        ["business_id", "again_of_id"],
        "point_lots",
        ["business_id", "id"],
        ondelete="RESTRICT",
    )
    online.add_columns(
        "point_transactions", sa.Column("part", sa.Integer(), server_default="0", nullable=False)
    )
    online.create_index(
        "uq_point_transactions_part",
        "point_transactions",
        ["business_id", "balance_id", "source_kind", "source_id", "part"],
        unique=True,
    )


def downgrade() -> None:
    online.drop_index("uq_point_transactions_part", "point_transactions")
    # nx: assured NX040 require_lot_worth refuses its way back while entries have a second part
    online.drop_columns("point_transactions", "part")
    online.drop_constraint("fk_point_lots_business_id_again_of_id", "point_lots")
    online.drop_index("ix_point_lots_again_of_id", "point_lots")
    # nx: assured NX040 worked out from entries and uses, and can be again
    online.drop_columns(
        "point_lots", "worth", "expired", "revived_at", "first_expires_at", "again_of_id"
    )
    # nx: assured NX040 worked out from uses and tiers, and can be again
    online.drop_columns("customer_balances", "owed", "let_off", "tier_needs", "has_marks")
