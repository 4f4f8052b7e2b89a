"""Things that nobody has named."""

from nxloy_web.schema import online

revision = "bad_nx036"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    # expect below: NX036, ban-drop-function
    online.run_locked(
        "customers",
        "DROP FUNCTION refuse_change() CASCADE",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
