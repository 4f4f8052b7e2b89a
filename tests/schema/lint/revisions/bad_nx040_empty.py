"""A way back that goes nowhere."""

from nxloy_web.schema import online

revision = "bad_nx040_empty"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.set_default("customers", "status", "'A'")


def downgrade() -> None:  # expect: NX040
    pass
