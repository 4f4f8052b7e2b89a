"""What the dashboard shows of background work."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_job_runs"
down_revision = "add_outbound_mails"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("job_runs",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "job_runs",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default="WAITING", nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("done", sa.Integer(), server_default="0", nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("started_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
        sa.Column("finished_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
        sa.CheckConstraint(
            "state IN ('WAITING', 'RUNNING', 'DONE', 'FAILED')",
            name=op.f("ck_job_runs_state_members"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_job_runs_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_job_runs")),
    )
    op.create_index(
        "ix_job_runs_created_at",
        "job_runs",
        ["business_id", "created_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "ix_job_runs_subject_id",
        "job_runs",
        ["business_id", "subject_id"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("job_runs", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    op.drop_table("job_runs")
