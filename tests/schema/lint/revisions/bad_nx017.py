"""A body that builds its statement, and one that does not parse."""

from nxloy_web.schema import online

revision = "bad_nx017"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # expect below: NX017
    online.run_locked(
        "customers",
        "CREATE FUNCTION any_of(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN"
        " EXECUTE 'DELETE FROM ' || t; END $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
