"""Uploaded files, import runs and their lines."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_imports"
down_revision = "add_expired_redemption_status"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = (
    "uploaded_files",
    "import_runs",
    "import_lines",
)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "uploaded_files",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("by_user_id", sa.Text(), nullable=True),
        sa.Column(
            "created_at",
            postgresql.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_uploaded_files_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"],
            ["users.id"],
            # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
            name=op.f("fk_uploaded_files_by_user_id"),
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_uploaded_files")),
    )
    # Not compressed: a piece of a large file is then read without unpacking what stands before it.
    op.execute("ALTER TABLE uploaded_files ALTER COLUMN content SET STORAGE EXTERNAL")
    ops.tenant_table("uploaded_files", app="SELECT, INSERT, DELETE")
    op.create_table(
        "import_runs",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="UPLOADED", nullable=False),
        sa.Column("file_id", sa.Text(), nullable=False),
        sa.Column("options", postgresql.JSONB(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("lines", sa.Integer(), server_default="0", nullable=False),
        sa.Column("place", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("known_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_rows", sa.Integer(), server_default="0", nullable=False),
        sa.Column("points", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("by_user_id", sa.Text(), nullable=True),
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
            "kind IN ('CUSTOMERS', 'PURCHASES')", name=op.f("ck_import_runs_kind_members")
        ),
        sa.CheckConstraint(
            "state IN ('UPLOADED', 'CHECKING', 'CHECKED', 'RUNNING', 'DONE', 'UNDOING', 'UNDONE', 'FAILED')",
            name=op.f("ck_import_runs_state_members"),
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "file_id"],
            ["uploaded_files.business_id", "uploaded_files.id"],
            # nx: assured NX033 the row of a file stays when its content goes
            name=op.f("fk_import_runs_business_id_file_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_import_runs_business_id")
        ),
        sa.ForeignKeyConstraint(
            ["by_user_id"],
            ["users.id"],
            # nx: assured NX033 only a sign-up that nobody confirmed is deleted, and by the worker
            name=op.f("fk_import_runs_by_user_id"),
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_import_runs")),
    )
    op.create_index(
        "ix_import_runs_created_at",
        "import_runs",
        ["business_id", "created_at", "id"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("import_runs", app="SELECT, INSERT, UPDATE")
    op.create_table(
        "import_lines",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("raw", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "verdict IN ('NEW', 'KNOWN', 'FAILED')", name=op.f("ck_import_lines_verdict_members")
        ),
        sa.ForeignKeyConstraint(
            ["business_id", "run_id"],
            ["import_runs.business_id", "import_runs.id"],
            name=op.f("fk_import_lines_business_id_run_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_import_lines_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "run_id", "line", name=op.f("pk_import_lines")),
    )
    op.create_index(
        "ix_import_lines_verdict",
        "import_lines",
        ["business_id", "run_id", "verdict", "line"],
        unique=False,
        postgresql_where=None,
    )
    ops.tenant_table("import_lines", app="SELECT, INSERT, UPDATE, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("import_lines")
    op.drop_table("import_runs")
    op.drop_table("uploaded_files")
