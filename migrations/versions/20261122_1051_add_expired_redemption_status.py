"""Redemptions lapse: a status more."""

from nxloy_web.schema import online

revision = "add_expired_redemption_status"
down_revision = "add_reward_redemptions"
branch_labels = None
depends_on = None
phase = "expand"
down_breaks = ("reward_redemptions WHERE status = 'EXPIRED'",)


RULE = "ck_reward_redemptions_status_members"
BEFORE = "'PENDING', 'APPROVED', 'FULFILLED', 'CANCELLED', 'REFUNDED'"


def upgrade() -> None:
    online.replace_check(RULE, "reward_redemptions", f"status IN ({BEFORE}, 'EXPIRED')")


def downgrade() -> None:
    # Refused by the rule itself while a redemption has lapsed.
    online.replace_check(RULE, "reward_redemptions", f"status IN ({BEFORE})")
