"""A reward whose stock is not counted any more: a movement that leaves no figure."""

from nxloy_web.schema import online

revision = "allow_uncounted_stock"
down_revision = "add_mail_sender"
branch_labels = None
depends_on = None
phase = "expand"
down_breaks = (
    "stock_movements WHERE kind = 'UNLIMITED' OR stock_after IS NULL OR total_after IS NULL",
)

TABLE = "stock_movements"
RULE = "ck_stock_movements_kind_members"


def upgrade() -> None:
    online.drop_not_null(TABLE, "stock_after")
    online.drop_not_null(TABLE, "total_after")
    online.replace_check(
        RULE, TABLE, "kind IN ('ADDED', 'CORRECTED', 'TAKEN', 'RETURNED', 'UNLIMITED')"
    )


def downgrade() -> None:
    # Refused by the rule itself while a movement of the new kind is there.
    online.replace_check(RULE, TABLE, "kind IN ('ADDED', 'CORRECTED', 'TAKEN', 'RETURNED')")
    online.set_not_null(TABLE, "stock_after")
    online.set_not_null(TABLE, "total_after")
