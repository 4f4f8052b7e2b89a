"""What a business may know of its mail that is not out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_unsent_mails"
down_revision = "add_saved_views"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("unsent_mails",)

Instant = postgresql.TIMESTAMP(timezone=True)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "unsent_mails",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("next_at", Instant, nullable=True),
        sa.Column("created_at", Instant, server_default=sa.text("now()"), nullable=False),
        sa.Column("updated_at", Instant, server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_unsent_mails_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_unsent_mails")),
    )
    op.create_index(
        "ix_unsent_mails_created_at", "unsent_mails", ["business_id", "created_at", "id"]
    )
    ops.tenant_table("unsent_mails", app="SELECT, INSERT, UPDATE, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("unsent_mails")
