"""One step that takes away and adds."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx041"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    online.drop_columns("customers", "points")
    # expect below: NX041
    online.add_columns("customers", sa.Column("balance", sa.Integer(), nullable=True))


def downgrade() -> None:
    # nx: assured NX040 the balance is worked out again
    online.drop_columns("customers", "balance")
    online.add_columns("customers", sa.Column("points", sa.Integer(), nullable=True))
