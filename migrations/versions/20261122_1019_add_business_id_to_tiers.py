"""Multi-tenant example 1, step 1: tiers may name their business, and new ones do.

The trigger fills it for code that does not know of it yet, out of the tier's program.
"""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_business_id_to_tiers"
down_revision = "add_subscription_program_type"
branch_labels = None
depends_on = None
phase = "expand"
group = "business_id_of_tiers"


FUNCTION = """
    CREATE OR REPLACE FUNCTION nx_keep_loyalty_tiers_business_id() RETURNS trigger
    LANGUAGE plpgsql AS $keep$ BEGIN
      IF NEW.business_id IS NULL THEN
        NEW.business_id := coalesce(
          (SELECT min(p.business_id) FROM nx.loyalty_programs p WHERE p.id = NEW.program_id
           HAVING count(*) = 1),
          nullif(current_setting('app.business_id', true), ''));
      END IF;
      RETURN NEW;
    END $keep$"""


def upgrade() -> None:
    online.add_columns("loyalty_tiers", sa.Column("business_id", sa.Text(), nullable=True))
    keep()


def downgrade() -> None:
    let_go()
    # nx: assured NX040 it was worked out from the program and can be again
    online.drop_columns("loyalty_tiers", "business_id")


def keep() -> None:
    """Fill the business of every tier that is written."""
    online.run_locked(
        "loyalty_tiers",
        FUNCTION,
        "ALTER FUNCTION nx_keep_loyalty_tiers_business_id() OWNER TO nx_owner",
        "CREATE OR REPLACE TRIGGER nx_keep_loyalty_tiers_business_id"
        " BEFORE INSERT OR UPDATE ON loyalty_tiers"
        " FOR EACH ROW EXECUTE FUNCTION nx_keep_loyalty_tiers_business_id()",
        reason="a trigger is noted in the catalog; no row is read",
    )


def let_go() -> None:
    online.run_locked(
        "loyalty_tiers",
        "DROP TRIGGER IF EXISTS nx_keep_loyalty_tiers_business_id ON loyalty_tiers",
        "DROP FUNCTION IF EXISTS nx_keep_loyalty_tiers_business_id()",
        reason="forgets the trigger; no row is read",
    )
