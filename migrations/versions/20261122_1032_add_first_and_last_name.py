"""Data migration example 1, expand: first and last name, kept equal to the one name.

Whoever writes the one name has the two filled, and the other way round: the rule is in one
function, which the data migration uses too.
"""

import sqlalchemy as sa

from nxloy_web.schema import online

revision = "add_first_and_last_name"
down_revision = "require_customer_profile"
branch_labels = None
depends_on = None
phase = "expand"
group = "split_customer_names"


# The first word, and what is left of the rest; whatever separates words in any script counts, and
# is written out because the servers' own \s differ. A blank name is no name, and a single word is
# a first name: nobody's last name is made up.
SPLIT = """
    CREATE OR REPLACE FUNCTION nx_split_name(whole text, OUT first_name text, OUT last_name text)
    LANGUAGE sql IMMUTABLE AS $split$
      SELECT nullif(words[1], ''), nullif(array_to_string(words[2:], ' '), '')
      FROM (SELECT regexp_split_to_array(btrim(regexp_replace(whole,
              '[\u0009-\u000d\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f'
              '\u205f\u3000]+', ' ', 'g')), ' ') AS words) AS split
    $split$"""
# What is written last holds, whichever of the three columns it was. The data migration's own write
# leaves the one name as it is, spaces and all; one half that new code writes before it has come to
# the row does not cost the other half.
KEEP = """
    CREATE OR REPLACE FUNCTION nx_keep_customers_names() RETURNS trigger
    LANGUAGE plpgsql AS $keep$
    DECLARE
      together text := nullif(concat_ws(' ', NEW.first_name, NEW.last_name), '');
      words record;
    BEGIN
      SELECT s.first_name, s.last_name INTO words FROM nx.nx_split_name(NEW.name) s;
      IF TG_OP = 'INSERT' THEN
        IF together IS NULL THEN
          NEW.first_name := words.first_name;
          NEW.last_name := words.last_name;
        ELSE
          NEW.name := together;
        END IF;
      ELSIF NEW.name IS DISTINCT FROM OLD.name THEN
        IF (NEW.first_name, NEW.last_name) IS NOT DISTINCT FROM (OLD.first_name, OLD.last_name)
           AND NEW.name IS DISTINCT FROM together THEN
          NEW.first_name := words.first_name;
          NEW.last_name := words.last_name;
        END IF;
      ELSIF (NEW.first_name, NEW.last_name) IS DISTINCT FROM (OLD.first_name, OLD.last_name)
            AND (NEW.first_name, NEW.last_name)
                IS DISTINCT FROM (words.first_name, words.last_name) THEN
        IF OLD.first_name IS NULL AND OLD.last_name IS NULL THEN
          NEW.first_name := coalesce(NEW.first_name, words.first_name);
          NEW.last_name := coalesce(NEW.last_name, words.last_name);
        END IF;
        NEW.name := nullif(concat_ws(' ', NEW.first_name, NEW.last_name), '');
      END IF;
      RETURN NEW;
    END $keep$"""


def upgrade() -> None:
    online.add_columns(
        "customers",
        sa.Column("first_name", sa.Text(), nullable=True),
        sa.Column("last_name", sa.Text(), nullable=True),
    )
    keep()


def downgrade() -> None:
    let_go()
    # nx: assured NX040 the one name was kept equal all the time
    online.drop_columns("customers", "first_name", "last_name")


def keep() -> None:
    """Keep the one name and the two equal."""
    online.run_locked(
        "customers",
        SPLIT,
        "ALTER FUNCTION nx_split_name(text) OWNER TO nx_owner",
        KEEP,
        "ALTER FUNCTION nx_keep_customers_names() OWNER TO nx_owner",
        "CREATE OR REPLACE TRIGGER nx_keep_customers_names BEFORE INSERT OR UPDATE ON customers"
        " FOR EACH ROW EXECUTE FUNCTION nx_keep_customers_names()",
        reason="a trigger is noted in the catalog; no row is read",
    )


def let_go() -> None:
    online.run_locked(
        "customers",
        "DROP TRIGGER IF EXISTS nx_keep_customers_names ON customers",
        "DROP FUNCTION IF EXISTS nx_keep_customers_names()",
        "DROP FUNCTION IF EXISTS nx_split_name(text)",
        reason="forgets the trigger; no row is read",
    )
