"""An index that is looked at."""

from nxloy_web.schema import online

revision = "good_nx013"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.create_index("ix", "customers", ["business_id", "status"])


def downgrade() -> None:
    online.drop_index("ix", "customers")
