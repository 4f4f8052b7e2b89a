"""What takes as long as the table is large, in a short lock."""

from nxloy_web.schema import online

revision = "bad_nx035"
down_revision = "beginning"
phase = "contract"
min_app = "0.1.0"


def upgrade() -> None:
    # expect below: adding-not-nullable-field
    online.run_locked(
        "customers",
        # expect below: NX035
        "ALTER TABLE customers ALTER COLUMN status SET NOT NULL",
        reason="it is short",
    )
    # expect below: constraint-missing-not-valid
    online.run_locked(
        "customers",
        # expect below: NX035
        "ALTER TABLE customers ADD CONSTRAINT ck CHECK (points > 0)",
        reason="it is short",
    )
    # expect below: constraint-missing-not-valid
    online.run_locked(
        "customers",
        # expect below: NX035
        "ALTER TABLE customers ADD CONSTRAINT once EXCLUDE USING btree (business_id WITH =)",
        reason="it is short",
    )
    # expect below: changing-column-type
    online.run_locked(
        "customers",
        # expect below: NX035
        "ALTER TABLE customers ALTER COLUMN points TYPE bigint",
        reason="it is short",
    )
    online.run_locked(
        # expect below: NX035
        "customers",
        "ALTER TABLE customers SET UNLOGGED",
        reason="it is short",
    )


def downgrade() -> None:
    online.drop_not_null("customers", "status")
