"""The same, online."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx010"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns("customers", sa.Column("note", sa.Text(), nullable=True))
    online.add_check("ck", "customers", "note <> ''")
    online.create_index("ix", "customers", ["business_id", "note"])


def downgrade() -> None:
    # nx: assured NX040 the notes are not needed
    online.drop_columns("customers", "note")
