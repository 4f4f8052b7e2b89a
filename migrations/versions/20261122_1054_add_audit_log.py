"""Who changed what."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_audit_log"
down_revision = "add_purchases"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("audit_entries",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject_type", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_user_id", sa.Text(), nullable=True),
        sa.Column("actor_role", sa.Text(), nullable=True),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("occurred_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor_user_id"],
            ["users.id"],
            # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
            name=op.f("fk_audit_entries_actor_user_id"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_audit_entries_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_audit_entries")),
    )
    op.create_index(
        "ix_audit_entries_actor",
        "audit_entries",
        ["business_id", "actor_user_id", "occurred_at"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_audit_entries_occurred_at",
        "audit_entries",
        ["business_id", "occurred_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_audit_entries_subject",
        "audit_entries",
        ["business_id", "subject_type", "subject_id", "occurred_at"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("audit_entries", app="SELECT, INSERT")
    ops.append_only("audit_entries")


@one_transaction
def downgrade() -> None:
    op.drop_table("audit_entries")
