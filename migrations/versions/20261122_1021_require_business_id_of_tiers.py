"""Multi-tenant example 1, step 3: every tier has its business, and is seen by nobody else."""

from nxloy_web.schema import history, online

revision = "require_business_id_of_tiers"
down_revision = "populate_business_id_of_tiers"
branch_labels = None
depends_on = None
phase = "contract"
group = "business_id_of_tiers"
needs = ("populate_business_id_of_tiers",)
min_app = "0.1.0"
down_breaks = (history.Alike("loyalty_tiers", ("id",)),)


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
    # The policy and NOT NULL have taken its place.
    # nx: assured ban-drop-function only the trigger called it
    history.earlier("add_business_id_to_tiers").let_go()


def downgrade() -> None:
    # First what may be refused: two businesses may have given their tiers the same id.
    online.swap_primary_key(TABLE, ["id"])
    history.earlier("add_business_id_to_tiers").keep()
    online.drop_index("ix_loyalty_tiers_program_id", TABLE)
    online.drop_constraint("fk_loyalty_tiers_business_id_program_id", TABLE)
    online.drop_constraint("fk_loyalty_tiers_business_id", TABLE)
    online.drop_not_null(TABLE, "program_id")
    online.drop_not_null(TABLE, "business_id")
    online.open_again(TABLE)
