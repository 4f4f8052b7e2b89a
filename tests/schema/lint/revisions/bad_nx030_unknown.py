"""A contract that waits for what nobody runs."""  # expect: NX030

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx030_unknown"
down_revision = "beginning"
phase = "contract"
needs = ("fill_nothing",)
min_app = "0.1.0"


def upgrade() -> None:
    online.drop_columns("customers", "points")


def downgrade() -> None:
    online.add_columns("customers", sa.Column("points", sa.Integer(), nullable=True))
