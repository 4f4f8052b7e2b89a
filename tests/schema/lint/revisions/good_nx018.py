"""A function with a path of its own."""

from nxloy_web.schema import online

revision = "good_nx018"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",
        "CREATE FUNCTION door() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = nx, pg_temp AS $$ SELECT count(*) FROM customers $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
