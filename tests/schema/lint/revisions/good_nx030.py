"""A contract that waits for data and for new code."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx030"
down_revision = "good_nx020"
phase = "contract"
group = "statuses"
needs = ("fill_status",)
min_app = "0.1.0"


def upgrade() -> None:
    online.set_not_null("customers", "status")
    online.drop_columns("customers", "points")


def downgrade() -> None:
    online.add_columns("customers", sa.Column("points", sa.Integer(), nullable=True))
    online.drop_not_null("customers", "status")
