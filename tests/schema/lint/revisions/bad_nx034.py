"""Columns that PostgreSQL fills for every row."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx034"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # expect below: adding-field-with-default
    online.add_columns(
        "customers",
        # expect below: NX034
        sa.Column("code", sa.Text(), server_default=sa.text("gen_random_uuid()")),
    )
    # expect below: adding-field-with-default
    online.add_columns(
        "customers",
        # expect below: NX034
        sa.Column("twice", sa.Integer(), sa.Computed("points * 2", persisted=True)),
    )


def downgrade() -> None:
    # nx: assured NX040 both are worked out
    online.drop_columns("customers", "code", "twice")
