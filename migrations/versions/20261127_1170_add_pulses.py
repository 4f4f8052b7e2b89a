"""Whether a worker lives and the mail server answers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_pulses"
down_revision = "refuse_wrong_books"
branch_labels = None
depends_on = None
phase = "expand"

Instant = postgresql.TIMESTAMP(timezone=True)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "pulses",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("ok_at", Instant, nullable=True),
        sa.Column("failed_at", Instant, nullable=True),
        sa.Column("said", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulses")),
    )
    ops.open_table("pulses", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    # nx: assured NX040 said anew within seconds
    op.drop_table("pulses")
