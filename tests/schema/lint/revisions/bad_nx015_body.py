"""What PostgreSQL does not understand: a statement, two bodies."""

from nxloy_web.schema import online

revision = "bad_nx015_body"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # expect below: NX015, syntax-error
    online.run_locked(
        "customers",
        "ALTER TABEL customers ADD note text",
        reason="it is short",
    )
    # expect below: NX015, syntax-error
    online.run_locked(
        "customers",
        "CREATE FUNCTION one() RETURNS text LANGUAGE sql AS $$ SELEC 1 $$",
        reason="it is short",
    )
    # expect below: NX015
    online.run_locked(
        "customers",
        "CREATE FUNCTION two() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF; END $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
