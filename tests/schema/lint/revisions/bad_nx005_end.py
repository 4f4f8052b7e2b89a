"""A soft delete that leaves the old unique rule."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "bad_nx005_end"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns(
        "customers",
        sa.Column("deleted_at", sa.TIMESTAMP(timezone=True), nullable=True),  # expect: NX005
    )


def downgrade() -> None:
    # nx: assured NX040 nobody has deleted anything yet
    online.drop_columns("customers", "deleted_at")
