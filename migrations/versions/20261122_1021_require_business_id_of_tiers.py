"""Multi-tenant example 1, step 3: every tier has its business, and is seen by nobody else."""

from nxloy_web.schema import online

revision = "require_business_id_of_tiers"
down_revision = "populate_business_id_of_tiers"
branch_labels = None
depends_on = None
phase = "contract"
group = "business_id_of_tiers"
needs = ("populate_business_id_of_tiers",)
min_app = "0.1.0"


TABLE = "loyalty_tiers"


def upgrade() -> None:
    online.set_not_null(TABLE, "business_id")
    online.set_not_null(TABLE, "program_id")
    online.add_foreign_key(
        "fk_loyalty_tiers_business_id", TABLE, ["business_id"], "businesses", ["id"]
    )
    online.add_foreign_key(
        "fk_loyalty_tiers_business_id_program_id",
        TABLE,
        ["business_id", "program_id"],
        "loyalty_programs",
        ["business_id", "id"],
        ondelete="CASCADE",
    )
    online.swap_primary_key(TABLE, ["business_id", "id"])
    online.create_index("ix_loyalty_tiers_program_id", TABLE, ["business_id", "program_id"])
    online.close_table(TABLE, app="SELECT, INSERT, UPDATE")
    online.run_locked(
        TABLE,
        "DROP TRIGGER IF EXISTS nx_keep_loyalty_tiers_business_id ON loyalty_tiers",
        reason="the policy and NOT NULL have taken its place",
    )


def downgrade() -> None:
    online.run_locked(
        TABLE,
        "CREATE OR REPLACE TRIGGER nx_keep_loyalty_tiers_business_id"
        " BEFORE INSERT OR UPDATE ON loyalty_tiers"
        " FOR EACH ROW EXECUTE FUNCTION nx_keep_loyalty_tiers_business_id()",
        reason="as before upgrade",
    )
    online.open_again(TABLE)
    online.drop_index("ix_loyalty_tiers_program_id", TABLE)
    online.swap_primary_key(TABLE, ["id"])
    online.drop_constraint("fk_loyalty_tiers_business_id_program_id", TABLE)
    online.drop_constraint("fk_loyalty_tiers_business_id", TABLE)
    online.drop_not_null(TABLE, "program_id")
    online.drop_not_null(TABLE, "business_id")
