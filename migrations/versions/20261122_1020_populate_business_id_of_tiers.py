"""Multi-tenant example 1, step 2: each tier goes to the business of its program.

A tier whose program does not exist belongs to nobody: it is set aside in the report, whole. The
catalogue gives all of them to the first business it finds.
"""

from nxloy_web.schema import backfill
from nxloy_web.schema.data import Connection, DataMigration, Span

revision = "populate_business_id_of_tiers"
down_revision = "add_business_id_to_tiers"
branch_labels = None
depends_on = None
phase = "data"
group = "business_id_of_tiers"


OWNED = """
    UPDATE loyalty_tiers t SET business_id = p.business_id
    FROM (SELECT id, min(business_id) AS business_id FROM loyalty_programs
          GROUP BY id HAVING count(*) = 1) p
    WHERE {span} AND t.business_id IS NULL AND p.id = t.program_id"""
ORPHANS = """
    WITH orphans AS (
      DELETE FROM loyalty_tiers t WHERE {span} AND t.business_id IS NULL
         OR {span} AND t.program_id IS NULL RETURNING t.*)
    INSERT INTO data_migration_reports (migration, table_name, row_key, outcome, reason, row)
    SELECT 'populate_business_id_of_tiers', 'loyalty_tiers', jsonb_build_object('id', id),
           'SET_ASIDE', 'no program with this id, so nobody knows whose tier it is',
           to_jsonb(orphans)
    FROM orphans"""
# Two of a name, or two at one threshold, in one program: somebody must say which is meant.
DOUBLES = """
    SELECT jsonb_build_object('id', id) AS row_key,
           'another tier of the program has this name or this threshold' AS reason,
           to_jsonb(t) AS row
    FROM loyalty_tiers t
    WHERE EXISTS (SELECT FROM loyalty_tiers o
                  WHERE o.program_id = t.program_id AND o.id < t.id
                    AND (o.name = t.name OR o.min_points = t.min_points))"""


def populate(connection: Connection, span: Span) -> None:
    for statement in (OWNED, ORPHANS):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


MIGRATION = DataMigration(
    name="populate_business_id_of_tiers",
    table="loyalty_tiers",
    alias="t",
    key=("id",),
    step=populate,
    undecided=DOUBLES,
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
