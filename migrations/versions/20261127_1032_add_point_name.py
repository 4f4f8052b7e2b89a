"""What one of the things is called that customers collect."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_point_name"
down_revision = "add_sign_in_tries"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("loyalty_programs WHERE point_name IS NOT NULL",)


def upgrade() -> None:
    online.add_columns("loyalty_programs", sa.Column("point_name", sa.Text(), nullable=True))


def downgrade() -> None:
    online.drop_columns("loyalty_programs", "point_name")
