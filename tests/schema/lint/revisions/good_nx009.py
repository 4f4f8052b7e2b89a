"""A table whose rows stay as they are."""

from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "good_nx009"
down_revision = "beginning"
phase = "expand"
down_loses = ("kept",)


@one_transaction
def upgrade() -> None:
    op.execute("CREATE TABLE kept (business_id text, id text, PRIMARY KEY (business_id, id))")
    ops.tenant_table("kept", app="SELECT, INSERT")
    ops.append_only("kept")


@one_transaction
def downgrade() -> None:
    op.drop_table("kept")
