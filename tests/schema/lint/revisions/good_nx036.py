"""One thing, by its name."""

from nxloy_web.schema import online

revision = "good_nx036"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    online.drop_index("ix_old", "customers")


def downgrade() -> None:
    online.drop_constraint("none", "customers")
