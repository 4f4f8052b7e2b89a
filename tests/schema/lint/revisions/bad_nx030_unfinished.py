"""A contract that does not wait for its group's data."""  # expect: NX030

from nxloy_web.schema import online

revision = "bad_nx030_unfinished"
down_revision = "good_nx020"
phase = "contract"
group = "statuses"
min_app = "0.1.0"


def upgrade() -> None:
    online.set_not_null("customers", "status")


def downgrade() -> None:
    online.drop_not_null("customers", "status")
