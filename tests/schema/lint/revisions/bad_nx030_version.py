"""A contract that asks for nothing."""  # expect: NX030

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx030_version"
down_revision = "beginning"
phase = "contract"


def upgrade() -> None:
    online.drop_columns("customers", "points")


def downgrade() -> None:
    online.add_columns("customers", sa.Column("points", sa.Integer(), nullable=True))
