"""What is noted and no more: three that were false alarms (S15)."""

from nxloy_web.schema import online

revision = "good_nx035"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.run_locked(
        "loyalty_tiers",
        "INSERT INTO loyalty_tiers (id, name) VALUES ('first', 'First') ON CONFLICT DO NOTHING",
        reason="one row that everybody shares",
    )
    online.run_locked(
        "customers",
        "ALTER TABLE customers RENAME CONSTRAINT uq_customers_email TO uq_customers_mail",
        reason="only its name changes",
    )
    online.run_locked(
        "customers",
        "ALTER TABLE customers ALTER COLUMN name TYPE text",
        reason="it is text already",
    )


def downgrade() -> None:
    online.drop_constraint("none", "customers")
