"""Mail waiting to be sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_outbound_mails"
down_revision = "add_audit_log"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("outbound_mails",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "outbound_mails",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=True),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("body_text", sa.Text(), nullable=True),
        sa.Column("body_html", sa.Text(), nullable=True),
        sa.Column("sent_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "updated_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbound_mails")),
    )
    op.create_index(
        "ix_outbound_mails_waiting",
        "outbound_mails",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    ops.open_table("outbound_mails", app="SELECT, INSERT, UPDATE, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("outbound_mails")
