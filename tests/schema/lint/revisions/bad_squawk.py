"""What only squawk knows."""

from nxloy_web.schema import online

revision = "bad_squawk"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # expect below: adding-not-nullable-field
    online.run_locked(
        "customers",
        # expect below: NX032, NX035
        "ALTER TABLE customers ALTER COLUMN status SET NOT NULL",
        reason="nobody has written nulls",
    )


def downgrade() -> None:
    online.drop_not_null("customers", "status")
