"""Rights for everybody, and to give away."""

from nxloy_web.schema import online

revision = "bad_nx016"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        # expect below: NX016
        "customers",
        "GRANT SELECT ON customers TO PUBLIC",
        reason="it is short",
    )
    online.run_locked(
        # expect below: NX016
        "customers",
        "GRANT SELECT ON customers TO nx_app WITH GRANT OPTION",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
