"""One step that only takes away."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx041"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    online.drop_columns("customers", "points")


def downgrade() -> None:
    online.add_columns("customers", sa.Column("points", sa.Integer(), nullable=True))
