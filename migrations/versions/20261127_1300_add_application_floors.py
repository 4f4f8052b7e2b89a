"""The oldest version of the application that may use the database."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_application_floors"
down_revision = "add_pulses"
branch_labels = None
depends_on = None
phase = "expand"


@one_transaction
def upgrade() -> None:
    op.create_table(
        "application_floors",
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column(
            "raised_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("revision", name=op.f("pk_application_floors")),
    )
    ops.open_table("application_floors", app="SELECT")


@one_transaction
def downgrade() -> None:
    # nx: assured NX040 each row is of a later contract, whose way back has deleted it
    op.drop_table("application_floors")
