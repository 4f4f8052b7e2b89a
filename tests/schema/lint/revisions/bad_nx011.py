"""Two tables locked at once."""

from nxloy_web.schema import online

revision = "bad_nx011"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(  # expect: NX011
        "customers",
        "ALTER TABLE customers ALTER COLUMN status SET DEFAULT 'A'",
        "ALTER TABLE loyalty_tiers ALTER COLUMN name SET DEFAULT 'A'",
        reason="defaults are noted in the catalog",
    )


def downgrade() -> None:
    online.set_default("customers", "status", None)
    online.set_default("loyalty_tiers", "name", None)
