"""The queue of background work: Procrastinate's own SQL, in a schema of its own."""

from pathlib import Path

from alembic import op

from nxloy_web.schema.locking import one_transaction

revision = "add_job_queue"
down_revision = "add_job_runs"
branch_labels = None
depends_on = None
phase = "expand"
down_loses = ("jobs.procrastinate_jobs WHERE status IN ('todo', 'doing')",)

SQL = Path(__file__).parents[1] / "sql" / "procrastinate_3.10.0.sql"


@one_transaction
def upgrade() -> None:
    op.execute("SET LOCAL search_path TO jobs")
    # The file holds `%` and `:`; past SQLAlchemy's own reading of a statement it goes untouched.
    if op.get_context().as_sql:
        op.get_context().impl.static_output(SQL.read_text())
    else:
        op.get_bind().exec_driver_sql(SQL.read_text().replace("%", "%%"))
    op.execute(
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA jobs TO nx_app, nx_worker"
    )
    op.execute("GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO nx_app, nx_worker")
    op.execute("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA jobs TO nx_app, nx_worker")
    op.execute("SET LOCAL search_path TO nx, jobs")


@one_transaction
def downgrade() -> None:
    # nx: assured NX010 the queue is no part of our tables; its own schema is emptied
    op.execute(
        """
        DO $$ DECLARE thing text; BEGIN
          FOR thing IN SELECT format('DROP TABLE jobs.%I CASCADE', tablename)
                       FROM pg_tables WHERE schemaname = 'jobs' LOOP EXECUTE thing; END LOOP;
          FOR thing IN SELECT format('DROP FUNCTION %s CASCADE', oid::regprocedure)
                       FROM pg_proc WHERE pronamespace = 'jobs'::regnamespace
                       LOOP EXECUTE thing; END LOOP;
          FOR thing IN SELECT format('DROP TYPE jobs.%I CASCADE', typname)
                       FROM pg_type WHERE typnamespace = 'jobs'::regnamespace
                         AND typtype IN ('e', 'c') AND typrelid = 0
                          OR typnamespace = 'jobs'::regnamespace AND typtype = 'c'
                         AND typrelid IN (SELECT oid FROM pg_class WHERE relkind = 'c')
                       LOOP EXECUTE thing; END LOOP;
        END $$
        """
    )
