"""What old code may not bear yet."""

from nxloy_web.schema import online

revision = "bad_nx032"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.set_not_null("customers", "status")  # expect: NX032
    # expect below: NX032
    online.add_check("ck_customers_points", "customers", "points >= 0")


def downgrade() -> None:
    online.drop_constraint("none", "customers")
