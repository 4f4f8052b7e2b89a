"""The uses of lots, contract: the old table is gone."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import online
from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "drop_point_lot_uses"
down_revision = "require_lot_worth"
branch_labels = None
depends_on = None
phase = "contract"
group = "lot_uses"
needs = ("fill_lot_uses",)
min_app = "0.1.0"


def upgrade() -> None:
    # nx: assured ban-drop-table only code older than min_app reads it, and is gone by now
    online.run_locked(
        "point_lot_uses",
        "DROP TABLE IF EXISTS point_lot_uses",
        reason="Nobody reads or writes it any more.",
    )


@one_transaction
def downgrade() -> None:
    # nx: assured NX010 nobody works with a table that is made anew
    op.create_table(
        "point_lot_uses",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("transaction_id", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.CheckConstraint("amount > 0", name=op.f("ck_point_lot_uses_amount_positive")),
        sa.ForeignKeyConstraint(
            ["business_id", "lot_id"],
            ["point_lots.business_id", "point_lots.id"],
            name=op.f("fk_point_lot_uses_business_id_lot_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "transaction_id"],
            ["point_transactions.business_id", "point_transactions.id"],
            name=op.f("fk_point_lot_uses_business_id_transaction_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_point_lot_uses_business_id")
        ),
        sa.PrimaryKeyConstraint(
            "business_id", "transaction_id", "lot_id", name=op.f("pk_point_lot_uses")
        ),
    )
    # nx: assured NX010 nobody works with a table that is made anew
    op.create_index("ix_point_lot_uses_lot_id", "point_lot_uses", ["business_id", "lot_id"])
    # nx: assured NX010 nobody works with a table that is made anew
    ops.tenant_table("point_lot_uses", app="SELECT, INSERT")
    # nx: assured NX010 nobody works with a table that is made anew
    ops.append_only("point_lot_uses")
