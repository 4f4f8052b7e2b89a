"""The same under an operation's name."""

from nxloy_web.schema import online

revision = "bad_nx020_raw"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",  # expect: NX020
        "DELETE FROM customers WHERE status IS NULL",
        reason="few",
    )


def downgrade() -> None:
    online.set_default("customers", "status", None)
