"""The one policy, once more."""

from nxloy_web.schema import online

revision = "good_nx008"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.close_table("customers", app="SELECT")


def downgrade() -> None:
    online.drop_constraint("none", "customers")
