"""What old code cannot break: a longer list, and a column that it does not know."""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "good_nx032"
down_revision = "beginning"
phase = "expand"


def upgrade() -> None:
    online.add_columns("customers", sa.Column("hat", sa.Text(), nullable=True))
    online.set_not_null("customers", "hat")
    online.add_check("ck_customers_hat", "customers", "hat IN ('RED', 'BLUE')")
    online.replace_check("ck_customers_hat", "customers", "hat IN ('RED', 'BLUE', 'GREEN')")


def downgrade() -> None:
    # nx: assured NX040 nobody wears hats
    online.drop_columns("customers", "hat")
