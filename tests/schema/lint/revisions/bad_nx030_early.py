"""What old code uses goes while it runs."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx030_early"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.drop_columns("customers", "points")  # expect: NX030
    online.run_locked(  # expect: renaming-column
        "customers",
        "ALTER TABLE customers RENAME COLUMN status TO state",  # expect: NX030
        reason="it is short",
    )


def downgrade() -> None:
    online.add_columns("customers", sa.Column("points", sa.Integer(), nullable=True))
