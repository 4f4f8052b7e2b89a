"""No word about what running code may expect."""  # expect: NX030

from nxloy_web.schema import online

revision = "bad_nx030"
down_revision = "beginning"


def upgrade() -> None:
    online.set_default("customers", "status", "'A'")


def downgrade() -> None:
    online.set_default("customers", "status", None)
