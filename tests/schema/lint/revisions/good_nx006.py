"""Text with a rule; native enums are for open tables."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "good_nx006"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "notes",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text()),
        sa.CheckConstraint("kind IN ('SMALL', 'LARGE')", name="ck_notes_kind"),
        sa.PrimaryKeyConstraint("business_id", "id"),
    )
    op.create_index("ix_notes_kind", "notes", ["business_id", "kind"])
    ops.tenant_table("notes", app="SELECT, INSERT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
