"""What only squawk knows."""

from nxloy_web.schema import online

revision = "bad_squawk"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(  # expect: adding-not-nullable-field
        "customers",
        "ALTER TABLE customers ALTER COLUMN status SET NOT NULL",
        reason="nobody has written nulls",
    )


def downgrade() -> None:
    online.drop_not_null("customers", "status")
