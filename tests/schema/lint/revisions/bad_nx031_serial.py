"""Keys that run out."""

from alembic import op

from nxloy_web.schema import operations as ops
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx031_serial"
down_revision = "beginning"
phase = "expand"
down_loses = ("notes",)


@one_transaction
def upgrade() -> None:
    op.execute(  # expect: prefer-identity
        # expect below: NX031
        "CREATE TABLE notes (id serial PRIMARY KEY)"
    )
    ops.open_table("notes", app="SELECT")


@one_transaction
def downgrade() -> None:
    op.drop_table("notes")
