"""Home asks what was handed over yesterday and today: an index for it."""

from nxloy_web.schema import online

revision = "index_fulfilled_redemptions"
down_revision = "add_doors"
branch_labels = None
depends_on = None
phase = "expand"


def upgrade() -> None:
    online.create_index(
        "ix_reward_redemptions_fulfilled_at",
        "reward_redemptions",
        ["business_id", "fulfilled_at"],
        where="fulfilled_at IS NOT NULL",
    )


def downgrade() -> None:
    online.drop_index("ix_reward_redemptions_fulfilled_at", "reward_redemptions")
