"""What squawk says, and a person answers for."""

from nxloy_web.schema import online

revision = "good_squawk"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    # nx: assured adding-not-nullable-field a check of the same name has proven it
    online.run_locked(
        "customers",
        "ALTER TABLE customers ALTER COLUMN status SET NOT NULL",
        reason="nobody has written nulls",
    )


def downgrade() -> None:
    online.drop_not_null("customers", "status")
