"""How a customer is called, expand: kept by the database, whoever writes."""

import sqlalchemy as sa
from alembic import op

from nxloy_web.schema import online

revision = "add_call_name"
down_revision = "HEAD_OF_THIS_RELEASE"
branch_labels = None
depends_on = None
phase = "expand"
group = "call_name"

CALLED = "coalesce(nullif(new.first_name, ''), new.member_code)"


def upgrade() -> None:
    online.add_columns("customers", sa.Column("call_name", sa.Text(), nullable=True))
    op.execute(
        "CREATE OR REPLACE FUNCTION call_customer() RETURNS trigger LANGUAGE plpgsql AS"
        f" $$ BEGIN new.call_name := {CALLED}; RETURN new; END $$"
    )
    online.add_trigger(
        "customers_call_name",
        "customers",
        "BEFORE INSERT OR UPDATE ON customers FOR EACH ROW EXECUTE FUNCTION call_customer()",
    )


def downgrade() -> None:
    online.drop_trigger("customers_call_name", "customers")
    op.execute("DROP FUNCTION call_customer()")
    online.drop_columns("customers", "call_name")
