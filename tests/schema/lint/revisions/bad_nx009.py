"""The guards of history, taken away."""

from nxloy_web.schema import online

revision = "bad_nx009"
down_revision = "good_nx009"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "kept",
        "DROP TRIGGER kept_append_only ON kept",  # expect: NX009
        reason="it is short",
    )
    online.run_locked(
        "kept",
        "ALTER TABLE kept DISABLE TRIGGER kept_append_only",  # expect: NX009
        reason="it is short",
    )
    online.run_locked(
        "kept",
        "CREATE RULE nothing AS ON DELETE TO kept DO INSTEAD NOTHING",  # expect: NX009
        reason="it is short",
    )
    online.run_locked(
        "kept",
        # expect below: NX009
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS $$ BEGIN RETURN NEW; END $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
