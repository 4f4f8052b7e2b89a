"""A mail says whose it is, and where an answer to it goes."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_mail_sender"
down_revision = "add_approvals"
branch_labels = None
depends_on = None
phase = "expand"
# Mails that wait go out in the name of the installation.
down_loses = ("outbound_mails WHERE sender_name IS NOT NULL",)


def upgrade() -> None:
    online.add_columns(
        "outbound_mails",
        sa.Column("sender_name", sa.Text(), nullable=True),
        sa.Column("reply_to", sa.Text(), nullable=True),
    )


def downgrade() -> None:
    online.drop_columns("outbound_mails", "sender_name", "reply_to")
