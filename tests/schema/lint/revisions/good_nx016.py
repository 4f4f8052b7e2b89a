"""Rights for the application."""

from nxloy_web.schema import online

revision = "good_nx016"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",
        "GRANT SELECT ON customers TO nx_app, nx_worker",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
