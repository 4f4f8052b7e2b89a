"""A policy that is taken away."""

from nxloy_web.schema import online

revision = "bad_nx001_lost"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",
        "DROP POLICY tenant ON customers",  # expect: NX001
        reason="it was in the way",
    )


def downgrade() -> None:
    online.close_table("customers", app="SELECT")
