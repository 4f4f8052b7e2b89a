"""Who gives points, expand: a teammate's phone, and what somebody moved on a day."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_membership_phone"
down_revision = "drop_import_run_id_index"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("memberships WHERE phone_e164 IS NOT NULL",)


def upgrade() -> None:
    online.add_columns("memberships", sa.Column("phone_e164", sa.Text(), nullable=True))
    online.create_index(
        "ix_point_transactions_by_user_id",
        "point_transactions",
        ["business_id", "by_user_id", "occurred_at"],
        where="by_user_id IS NOT NULL",
    )


def downgrade() -> None:
    online.drop_index("ix_point_transactions_by_user_id", "point_transactions")
    online.drop_columns("memberships", "phone_e164")
