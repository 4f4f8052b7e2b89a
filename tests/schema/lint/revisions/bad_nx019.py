"""A body that means every row of every business."""

from nxloy_web.schema import online

revision = "bad_nx019"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # expect below: NX019
    online.run_locked(
        "customers",
        "CREATE FUNCTION all_of() RETURNS void LANGUAGE sql AS $$ DELETE FROM customers $$",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
