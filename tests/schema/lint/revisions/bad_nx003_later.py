"""The same on a table that is there already."""

from nxloy_web.schema import online

revision = "bad_nx003_later"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_foreign_key(
        # expect below: NX003, NX033
        "fk_customers_friend",
        "customers",
        ["id"],
        "loyalty_programs",
        ["id"],
    )


def downgrade() -> None:
    online.drop_constraint("fk_customers_friend", "customers")
