"""Authentication example 2: verification codes and their native enums."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_verification_codes"
down_revision = "add_user_email_verification"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("verification_codes",)


TYPES = {
    "verification_type": "'EMAIL', 'PHONE'",
    "verification_status": "'PENDING', 'VERIFIED', 'EXPIRED', 'FAILED'",
}


@one_transaction
def upgrade() -> None:
    # By hand: SQLAlchemy remembers a type it made, also when the try was undone.
    for name, members in TYPES.items():
        op.execute(f"CREATE TYPE {name} AS ENUM ({members})")
        op.execute(f"ALTER TYPE {name} OWNER TO nx_owner")
    op.create_table(
        "verification_codes",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("user_id", sa.Text(), nullable=False),
        sa.Column(
            "type", postgresql.ENUM(name="verification_type", create_type=False), nullable=False
        ),
        sa.Column(
            "status",
            postgresql.ENUM(name="verification_status", create_type=False),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=True),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("expires_at", postgresql.TIMESTAMP(timezone=True), nullable=False),
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
            "purpose IN ('VERIFY_EMAIL', 'SIGN_IN', 'RESET_PASSWORD', 'CHANGE_EMAIL')",
            name=op.f("ck_verification_codes_purpose_members"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["users.id"],
            name=op.f("fk_verification_codes_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification_codes")),
    )
    op.create_index("ix_verification_codes_code", "verification_codes", ["code"], unique=False)
    op.create_index(
        "ix_verification_codes_expires_at", "verification_codes", ["expires_at"], unique=False
    )
    op.create_index(
        "ix_verification_codes_user_id", "verification_codes", ["user_id"], unique=False
    )
    ops.open_table("verification_codes", app="SELECT, INSERT, UPDATE, DELETE")


@one_transaction
def downgrade() -> None:
    op.drop_table("verification_codes")
    for name in TYPES:
        op.execute(f"DROP TYPE {name}")
