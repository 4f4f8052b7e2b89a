"""A policy past all others, in a short lock."""

from nxloy_web.schema import online

revision = "bad_nx008"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",
        "CREATE POLICY also ON customers USING (true)",  # expect: NX008
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
