"""A body of one language and of the other."""

from nxloy_web.schema import online

revision = "good_nx017"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",
        "CREATE FUNCTION one(t text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE customers SET name = t WHERE id = t; RETURN NEXT t; END $$",
        "CREATE FUNCTION two(t text) RETURNS text LANGUAGE sql AS $$ SELECT upper(t) $$",
        reason="they are short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
