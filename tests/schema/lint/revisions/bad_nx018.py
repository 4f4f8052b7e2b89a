"""A function that runs as its owner along a path of its caller."""

from nxloy_web.schema import online

revision = "bad_nx018"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # expect below: NX018
    online.run_locked(
        "customers",
        "CREATE FUNCTION spy() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS $$ SELECT count(*) FROM customers $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
