"""An online operation inside of one transaction."""

from nxloy_web.schema import online
from nxloy_web.schema.locking import one_transaction

revision = "bad_nx012_mixed"
down_revision = "beginning"
phase = "expand"


@one_transaction
def upgrade() -> None:
    online.set_default("customers", "status", "'A'")  # expect: NX012


@one_transaction
def downgrade() -> None:
    online.set_default("customers", "status", None)
