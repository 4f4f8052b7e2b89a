"""Wrong passwords by account and place."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_sign_in_tries"
down_revision = "fold_customer_names"
branch_labels = None
depends_on = None
phase = "expand"

Instant = postgresql.TIMESTAMP(timezone=True)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "sign_in_tries",
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("wrong", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", Instant, nullable=True),
        sa.Column("last_at", Instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_sign_in_tries_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", "source", name=op.f("pk_sign_in_tries")),
    )
    ops.open_table("sign_in_tries", app="SELECT, INSERT, UPDATE, DELETE")


@one_transaction
def downgrade() -> None:
    # nx: assured NX040 guesses are counted anew
    op.drop_table("sign_in_tries")
