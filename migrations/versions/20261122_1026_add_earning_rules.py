"""What turns a purchase into points, kept by version."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "add_earning_rules"
down_revision = "add_loyalty_tiers"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("earning_rules",)


@one_transaction
def upgrade() -> None:
    op.create_table(
        "earning_rules",
        sa.Column("business_id", sa.Text(), nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("program_id", sa.Text(), nullable=False),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("ended_at", postgresql.TIMESTAMP(timezone=True), nullable=True),
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
        sa.ForeignKeyConstraint(
            ["business_id", "program_id"],
            ["loyalty_programs.business_id", "loyalty_programs.id"],
            name=op.f("fk_earning_rules_business_id_program_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["business_id"], ["businesses.id"], name=op.f("fk_earning_rules_business_id")
        ),
        sa.PrimaryKeyConstraint("business_id", "id", name=op.f("pk_earning_rules")),
    )
    op.create_index(
        "ix_earning_rules_program_id",
        "earning_rules",
        ["business_id", "program_id"],
        unique=False,
        postgresql_where=None,
    )
    op.create_index(
        "uq_earning_rules_current",
        "earning_rules",
        ["business_id", "rule_id"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index(
        "uq_earning_rules_version",
        "earning_rules",
        ["business_id", "rule_id", "version"],
        unique=True,
    )
    ops.tenant_table("earning_rules", app="SELECT, INSERT, UPDATE")


@one_transaction
def downgrade() -> None:
    op.drop_table("earning_rules")
