"""How a customer is called, contract: everybody is called something."""

from nxloy_web.schema import online

revision = "require_call_name"
down_revision = "fill_call_name"
branch_labels = None
depends_on = None
phase = "contract"
group = "call_name"
needs = ("fill_call_name",)
min_app = "FIRST_VERSION_WITH_IT"


def upgrade() -> None:
    online.set_not_null("customers", "call_name")


def downgrade() -> None:
    online.drop_not_null("customers", "call_name")
