"""The catalogue's SQL: multi-tenant example 1, step 2, to the first business."""
# expect: NX012, NX020
# expect: NX040

from alembic import op

revision = "seed_business_of_tiers_populate"
down_revision = "seed_business_of_tiers_optional"
phase = "expand"


def upgrade() -> None:
    op.execute(
        """
        UPDATE loyalty_tiers SET business_id = (SELECT id FROM businesses LIMIT 1)
        WHERE business_id IS NULL
        """
    )
