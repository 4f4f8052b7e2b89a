"""One table after the other."""

from nxloy_web.schema import online

revision = "good_nx011"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.set_default("customers", "status", "'A'")
    online.set_default("loyalty_tiers", "name", "'A'")


def downgrade() -> None:
    online.set_default("customers", "status", None)
    online.set_default("loyalty_tiers", "name", None)
