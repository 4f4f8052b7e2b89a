"""The launch grows: a fourth type of program."""

from nxloy_web.schema import online

revision = "add_subscription_program_type"
down_revision = "add_loyalty_programs"
branch_labels = None
depends_on = None
phase = "expand"
down_breaks = ("loyalty_programs WHERE type = 'SUBSCRIPTION'",)


RULE = "ck_loyalty_programs_type_members"


def upgrade() -> None:
    online.replace_check(
        RULE, "loyalty_programs", "type IN ('POINTS', 'STAMPS', 'TIERED', 'SUBSCRIPTION')"
    )


def downgrade() -> None:
    # Refused by the rule itself while a program of the fourth type is there.
    online.replace_check(RULE, "loyalty_programs", "type IN ('POINTS', 'STAMPS', 'TIERED')")
