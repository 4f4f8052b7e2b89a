"""A body that says which rows it means."""

from nxloy_web.schema import online

revision = "good_nx019"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "customers",
        "CREATE FUNCTION one_of(text) RETURNS void LANGUAGE sql"
        " AS $$ DELETE FROM customers WHERE id = $1 $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
