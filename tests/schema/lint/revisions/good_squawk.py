"""What squawk says, and a person answers for."""

from nxloy_web.schema import online

revision = "good_squawk"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    online.add_check("ck_customers_status_there", "customers", "status IS NOT NULL")
    online.run_locked(
        "customers",
        "ALTER TABLE customers ALTER COLUMN status SET NOT NULL",
        reason="the check has proven it",
    )
    # nx: assured ban-drop-view the code that read it is gone
    online.run_locked("customers", "DROP VIEW IF EXISTS old", reason="it is dropped at once")


def downgrade() -> None:
    online.drop_not_null("customers", "status")
