"""Multi-tenant example 1, step 2: each tier goes to the business of its program.

A tier belongs to nobody when its program does not exist, or when several businesses have one with
that id: it is set aside in the report, whole. The catalogue gives all of them to the first business
it finds.
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
      DELETE FROM loyalty_tiers t
      WHERE {span} AND (t.business_id IS NULL OR t.program_id IS NULL) RETURNING t.*)
    INSERT INTO data_migration_reports (migration, table_name, row_key, outcome, reason, row)
    SELECT 'populate_business_id_of_tiers', 'loyalty_tiers', jsonb_build_object('id', id),
           'SET_ASIDE',
           CASE WHEN program_id IS NULL THEN 'it names no program'
                WHEN EXISTS (SELECT FROM loyalty_programs p WHERE p.id = program_id)
                THEN 'several businesses have a program with this id'
                ELSE 'there is no program with this id' END
           || ', so nobody knows whose tier it is',
           to_jsonb(orphans)
    FROM orphans"""
# What the contract and the unique indexes after it would stumble over: somebody must say what is
# meant. No index tells the tiers of a program yet, so those alike are found by sorting all of them
# once: looking for each among the others would read the table as often as it has rows.
UNDECIDED = """
    SELECT jsonb_build_object('id', t.id) AS row_key, why.reason, to_jsonb(t) AS row
    FROM loyalty_tiers t
    JOIN (SELECT id,
                 row_number() OVER (PARTITION BY program_id, name ORDER BY id) > 1
                 OR row_number() OVER (PARTITION BY program_id, min_points ORDER BY id) > 1
                   AS comes_second
          FROM loyalty_tiers) n ON n.id = t.id
    LEFT JOIN loyalty_programs p ON p.business_id = t.business_id AND p.id = t.program_id
    CROSS JOIN LATERAL (SELECT CASE
      WHEN t.business_id IS NULL OR t.program_id IS NULL
      THEN 'it came since, so the data migration must run once more'
      WHEN p.id IS NULL
      THEN 'its program is not one of its business'
      WHEN t.min_points < 0
      THEN 'its threshold is below zero'
      WHEN n.comes_second
      THEN 'another tier of the program has this name or this threshold'
      END AS reason) why
    WHERE why.reason IS NOT NULL"""


def populate(connection: Connection, span: Span) -> None:
    for statement in (OWNED, ORPHANS):
        connection.execute(statement.replace("{span}", span.where), span.parameters)


MIGRATION = DataMigration(
    name="populate_business_id_of_tiers",
    table="loyalty_tiers",
    alias="t",
    key=("id",),
    step=populate,
    undecided=UNDECIDED,
)


def upgrade() -> None:
    backfill.run(MIGRATION)


def downgrade() -> None:
    backfill.forget(MIGRATION)
