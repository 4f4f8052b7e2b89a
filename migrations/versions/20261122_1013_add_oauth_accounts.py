"""Authentication example 3: linking accounts of other providers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_oauth_accounts"
down_revision = "add_verification_codes"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("accounts",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("access_token", sa.LargeBinary(), nullable=True),
        sa.Column("refresh_token", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
            "provider IN ('GOOGLE', 'APPLE', 'FACEBOOK', 'TELEGRAM')",
            name=op.f("ck_accounts_provider_members"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_accounts_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint(
            "provider", "provider_id", name=op.f("uq_accounts_provider_provider_id")
        ),
    )
    op.create_index("ix_accounts_user_id", "accounts", ["user_id"], unique=False)
    ops.open_table("accounts", app="SELECT, INSERT, UPDATE, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("accounts")
