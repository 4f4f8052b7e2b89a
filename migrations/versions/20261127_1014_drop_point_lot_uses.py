"""The uses of lots, contract: the old table is gone."""

import sqlalchemy as sa
from alembic import op

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


@one_transaction
def upgrade() -> None:
    op.drop_table("point_lot_uses")


@one_transaction
def downgrade() -> None:
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
    op.create_index("ix_point_lot_uses_lot_id", "point_lot_uses", ["business_id", "lot_id"])
    ops.tenant_table("point_lot_uses", app="SELECT, INSERT")
    ops.append_only("point_lot_uses")
