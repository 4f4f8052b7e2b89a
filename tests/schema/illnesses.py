"""Ways for a database to fall ill, and what the doctor says to each."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Illness:
    area: str
    causes: tuple[str, ...]
    """Run one by one as the administrator."""
    says: str
    """What stands in one of the doctor's sentences."""
    cured_by: tuple[str, ...] | None = None
    """For what the whole server shares; the advice itself is tried first."""
    advice_is_sql: bool = True


def _ill(area: str, says: str, *causes: str, advice_is_sql: bool = True) -> Illness:
    return Illness(area, causes, says, None, advice_is_sql)


def _role(says: str, cause: str, cure: str, *, advice_is_sql: bool = True) -> Illness:
    return Illness("roles", (cause,), says, (cure,), advice_is_sql)


ROLES = {
    "the application bypasses policies": _role(
        "nx_app has BYPASSRLS and must not: `ALTER ROLE nx_app NOBYPASSRLS`",
        "ALTER ROLE nx_app BYPASSRLS",
        "ALTER ROLE nx_app NOBYPASSRLS",
    ),
    "the worker is a superuser": _role(
        "nx_worker has SUPERUSER and must not",
        "ALTER ROLE nx_worker SUPERUSER",
        "ALTER ROLE nx_worker NOSUPERUSER",
    ),
    "the migrator is a superuser": _role(
        "nx_migrator has SUPERUSER and must not",
        "ALTER ROLE nx_migrator SUPERUSER",
        "ALTER ROLE nx_migrator NOSUPERUSER",
    ),
    "the owner can sign in": _role(
        "nx_owner has LOGIN and must not",
        "ALTER ROLE nx_owner LOGIN",
        "ALTER ROLE nx_owner NOLOGIN",
    ),
    "the doors cannot look past policies": _role(
        "nx_doors lacks BYPASSRLS: `ALTER ROLE nx_doors BYPASSRLS`",
        "ALTER ROLE nx_doors NOBYPASSRLS",
        "ALTER ROLE nx_doors BYPASSRLS",
    ),
    "the application makes roles": _role(
        "nx_app has CREATEROLE and must not",
        "ALTER ROLE nx_app CREATEROLE",
        "ALTER ROLE nx_app NOCREATEROLE",
    ),
    "a role is not there": _role(
        "The role nx_worker is not there: run `flask db-roles`",
        "ALTER ROLE nx_worker RENAME TO nx_gone",
        "ALTER ROLE nx_gone RENAME TO nx_worker",
        advice_is_sql=False,
    ),
    "the worker is a member of the owner": _role(
        "nx_worker is a member of nx_owner and must not be: `REVOKE nx_owner FROM nx_worker`",
        "GRANT nx_owner TO nx_worker",
        "REVOKE nx_owner FROM nx_worker",
    ),
    "the migrator is no member of the doors": _role(
        "nx_migrator is not a member of nx_doors",
        "REVOKE nx_doors FROM nx_migrator",
        "GRANT nx_doors TO nx_migrator",
        advice_is_sql=False,
    ),
    "a stranger acts as the owner": _role(
        "stranger may act as nx_owner: `REVOKE nx_owner FROM stranger`",
        "CREATE ROLE stranger IN ROLE nx_owner",
        "DROP ROLE stranger",
    ),
    "pages may run for an hour": _role(
        "nx_app begins with statement_timeout = 1h, not 15s",
        "ALTER ROLE nx_app SET statement_timeout TO '1h'",
        "ALTER ROLE nx_app SET statement_timeout TO '15s'",
        advice_is_sql=False,
    ),
    "the migrator does not notice hidden rows": _role(
        "nx_migrator begins with row_security = the server’s own, not off",
        "ALTER ROLE nx_migrator RESET row_security",
        "ALTER ROLE nx_migrator SET row_security TO off",
        advice_is_sql=False,
    ),
    "everybody begins in a business": _role(
        "nx_app begins with app.business_id = shop, which is not for it to have",
        "ALTER ROLE nx_app SET app.business_id TO 'shop'",
        "ALTER ROLE nx_app RESET app.business_id",
    ),
}

GRANTS = {
    "a right too many": _ill(
        "grants",
        "nx_app has DELETE on nx.rewards, which no revision grants: "
        "`REVOKE DELETE ON TABLE nx.rewards FROM nx_app`",
        "GRANT DELETE ON nx.rewards TO nx_app",
    ),
    "the append-only ledger can be changed": _ill(
        "grants",
        "nx_worker has DELETE, UPDATE on nx.point_transactions",
        "GRANT UPDATE, DELETE ON nx.point_transactions TO nx_worker",
    ),
    "a right too few": _ill(
        "grants",
        "nx_worker lacks INSERT on nx.rewards: `GRANT INSERT ON TABLE nx.rewards TO nx_worker`",
        "REVOKE INSERT ON nx.rewards FROM nx_worker",
    ),
    "everybody reads a table": _ill(
        "grants",
        "Everybody (PUBLIC) has SELECT on nx.users",
        "GRANT SELECT ON nx.users TO PUBLIC",
    ),
    "the doors write a column": _ill(
        "grants",
        "nx_doors has UPDATE (password_hash) on nx.users",
        "GRANT UPDATE (password_hash) ON nx.users TO nx_doors",
    ),
    "a right to give away": _ill(
        "grants",
        "`REVOKE GRANT OPTION FOR SELECT ON TABLE nx.rewards FROM nx_app`",
        "GRANT SELECT ON nx.rewards TO nx_app WITH GRANT OPTION",
    ),
    "everybody goes through a door": _ill(
        "grants",
        "Everybody (PUBLIC) has EXECUTE on nx.door_front(text)",
        "GRANT EXECUTE ON FUNCTION nx.door_front(text) TO PUBLIC",
    ),
    "a door is shut": _ill(
        "grants",
        "nx_app lacks EXECUTE on nx.door_enter(text, text)",
        "REVOKE EXECUTE ON FUNCTION nx.door_enter(text, text) FROM nx_app",
    ),
    "jobs cannot be put in": _ill(
        "grants",
        "nx_worker lacks USAGE on jobs.procrastinate_jobs_id_seq",
        "REVOKE USAGE ON SEQUENCE jobs.procrastinate_jobs_id_seq FROM nx_worker",
    ),
    "the application makes tables": _ill(
        "grants",
        "nx_app has CREATE on the schema nx and must not",
        "GRANT CREATE ON SCHEMA nx TO nx_app",
    ),
    "the application is kept out of a schema": _ill(
        "grants",
        "nx_app lacks USAGE on the schema jobs: run `flask db-roles` again",
        "REVOKE USAGE ON SCHEMA jobs FROM nx_app",
        advice_is_sql=False,
    ),
    "everybody makes tables elsewhere": _ill(
        "grants",
        "nx_app or nx_worker may make tables in the schema public",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
    ),
    "new tables begin open": _ill(
        "grants",
        "What nx_migrator makes begins with rights for others",
        "ALTER DEFAULT PRIVILEGES FOR ROLE nx_migrator IN SCHEMA nx"
        " GRANT SELECT ON TABLES TO PUBLIC",
        advice_is_sql=False,
    ),
}

PROTECTION = {
    "a policy is switched off": _ill(
        "protection",
        "nx.rewards has its policy switched off",
        "ALTER TABLE nx.rewards DISABLE ROW LEVEL SECURITY",
    ),
    "the owner passes a policy": _ill(
        "protection",
        "nx.rewards lets its owner past the policy",
        "ALTER TABLE nx.rewards NO FORCE ROW LEVEL SECURITY",
    ),
    "a policy is gone": _ill(
        "protection",
        "nx.businesses has no policy that keeps businesses apart",
        "DROP POLICY tenant ON nx.businesses",
    ),
    "a policy lets everything through": _ill(
        "protection",
        "The policy of nx.rewards is not the one that keeps businesses apart",
        "DROP POLICY tenant ON nx.rewards",
        "CREATE POLICY tenant ON nx.rewards USING (true)",
    ),
    "a policy lets everything be written": _ill(
        "protection",
        "The policy of nx.rewards is not the one that keeps businesses apart",
        "DROP POLICY tenant ON nx.rewards",
        "CREATE POLICY tenant ON nx.rewards"
        " USING (business_id = current_setting('app.business_id', true)) WITH CHECK (true)",
    ),
    "a second policy": _ill(
        "protection",
        "nx.rewards has a policy also that no revision made",
        "CREATE POLICY also ON nx.rewards USING (true)",
    ),
    "a new table of a business is bare": _ill(
        "protection",
        "nx.bare has no policy that keeps businesses apart",
        "CREATE TABLE nx.bare (business_id text)",
        "ALTER TABLE nx.bare OWNER TO nx_owner",
    ),
    "a table nobody knows": _ill(
        "protection",
        "No policy protects loose, and OPEN_TABLES gives no reason for it",
        "CREATE TABLE nx.loose (a int)",
        advice_is_sql=False,
    ),
    "a table belongs to the migrator": _ill(
        "protection",
        "The table nx.rewards belongs to nx_migrator: `ALTER TABLE nx.rewards OWNER TO nx_owner`",
        "ALTER TABLE nx.rewards OWNER TO nx_migrator",
    ),
    "a table of the queue belongs to the application": _ill(
        "protection",
        "The table jobs.procrastinate_jobs belongs to nx_app",
        "ALTER TABLE jobs.procrastinate_jobs OWNER TO nx_app",
    ),
    "a door belongs to the administrator": _ill(
        "protection",
        "The function nx.door_front(text) belongs to",
        "ALTER FUNCTION nx.door_front(text) OWNER TO CURRENT_USER",
    ),
    "a door has no pinned path": _ill(
        "protection",
        "nx.door_front(text) runs as its owner along a path that its caller sets",
        "ALTER FUNCTION nx.door_front(text) RESET search_path",
    ),
    "a function runs as its owner": _ill(
        "protection",
        "nx.spy() runs as its owner and is no door",
        "CREATE FUNCTION nx.spy() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " SET search_path = nx, pg_temp AS 'SELECT count(*) FROM customers'",
        "REVOKE EXECUTE ON FUNCTION nx.spy() FROM PUBLIC",
    ),
    "a view reads as its owner": _ill(
        "protection",
        "The view nx.all_customers reads as its owner",
        "CREATE VIEW nx.all_customers AS SELECT * FROM nx.customers",
        "ALTER VIEW nx.all_customers OWNER TO nx_owner",
    ),
    "a view keeps every business's rows": _ill(
        "protection",
        "The materialized view nx.copied holds rows of every business",
        "CREATE MATERIALIZED VIEW nx.copied AS SELECT * FROM nx.customers",
        advice_is_sql=False,
    ),
}

LEFTOVERS = {
    "an index was never finished": _ill(
        "leftovers",
        "The index nx.once of nx.users was never finished",
        "INSERT INTO nx.users (id, name, email, email_norm) VALUES"
        " ('u1', 'Same', 'a@example.com', 'a@example.com'),"
        " ('u2', 'Same', 'b@example.com', 'b@example.com')",
        "CREATE UNIQUE INDEX CONCURRENTLY once ON nx.users (name)",
        "DELETE FROM nx.users WHERE id = 'u2'",
    ),
    "a spare index was never finished": _ill(
        "leftovers",
        "`DROP INDEX CONCURRENTLY nx.nx_tmp_once`",
        "INSERT INTO nx.users (id, name, email, email_norm) VALUES"
        " ('u1', 'Same', 'a@example.com', 'a@example.com'),"
        " ('u2', 'Same', 'b@example.com', 'b@example.com')",
        "CREATE UNIQUE INDEX CONCURRENTLY nx_tmp_once ON nx.users (name)",
    ),
    "a rule was never proven": _ill(
        "leftovers",
        "The rule half of nx.rewards was never proven",
        "ALTER TABLE nx.rewards ADD CONSTRAINT half CHECK (name <> '') NOT VALID",
    ),
    "a reference was never proven": _ill(
        "leftovers",
        "The rule half of nx.audit_entries was never proven",
        "ALTER TABLE nx.audit_entries ADD CONSTRAINT half"
        " FOREIGN KEY (subject_id) REFERENCES nx.users (id) NOT VALID",
    ),
    "a helping rule is left": _ill(
        "leftovers",
        "The rule nx_tmp_rewards_name_not_null of nx.rewards was made for a change that is over",
        "ALTER TABLE nx.rewards ADD CONSTRAINT nx_tmp_rewards_name_not_null"
        " CHECK (name IS NOT NULL) NOT VALID",
        advice_is_sql=False,
    ),
    "a helping index is left": _ill(
        "leftovers",
        "The index nx_tmp_rewards_name was made for a change that is over",
        "CREATE INDEX nx_tmp_rewards_name ON nx.rewards (name)",
        advice_is_sql=False,
    ),
    "a helping function is left": _ill(
        "leftovers",
        "The function nx_tmp_split was made for a change that is over",
        "CREATE FUNCTION nx.nx_tmp_split() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER FUNCTION nx.nx_tmp_split() OWNER TO nx_owner",
        advice_is_sql=False,
    ),
}

SHAPE = {
    "the ledger lost its trigger": _ill(
        "shape",
        "The trigger point_transactions_append_only of nx.point_transactions is not there",
        "DROP TRIGGER point_transactions_append_only ON nx.point_transactions",
    ),
    "the audit log's trigger is switched off": _ill(
        "shape",
        "The trigger audit_entries_append_only of nx.audit_entries is switched off",
        "ALTER TABLE nx.audit_entries DISABLE TRIGGER audit_entries_append_only",
    ),
    "a trigger fires in replicas only": _ill(
        "shape",
        "The trigger audit_entries_append_only of nx.audit_entries has the state ENABLE REPLICA",
        "ALTER TABLE nx.audit_entries ENABLE REPLICA TRIGGER audit_entries_append_only",
    ),
    "a trigger has a condition that is never true": _ill(
        "shape",
        "The trigger audit_entries_append_only of nx.audit_entries is not as its revision made it",
        "DROP TRIGGER audit_entries_append_only ON nx.audit_entries",
        "CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE ON nx.audit_entries"
        " FOR EACH ROW WHEN (false) EXECUTE FUNCTION nx.refuse_change()",
    ),
    "a trigger no longer looks at deleting": _ill(
        "shape",
        "The trigger audit_entries_append_only of nx.audit_entries is not as its revision made it",
        "CREATE OR REPLACE TRIGGER audit_entries_append_only BEFORE UPDATE ON nx.audit_entries"
        " FOR EACH ROW EXECUTE FUNCTION nx.refuse_change()",
    ),
    "no trigger of a table fires, not even its references": _ill(
        "shape",
        "nx.reward_redemptions does not look at its references",
        "ALTER TABLE nx.reward_redemptions DISABLE TRIGGER ALL",
    ),
    "a rename's trigger is left": _ill(
        "shape",
        "The trigger nx_keep_rewards_title of nx.rewards keeps two columns equal, but no rename is"
        " under way",
        "CREATE TRIGGER nx_keep_rewards_title BEFORE UPDATE ON nx.rewards"
        " FOR EACH ROW EXECUTE FUNCTION nx.refuse_change()",
    ),
    "a trigger nobody knows": _ill(
        "shape",
        "The trigger also of nx.rewards was made by no revision",
        "CREATE TRIGGER also BEFORE UPDATE ON nx.rewards"
        " FOR EACH ROW EXECUTE FUNCTION nx.refuse_change()",
    ),
    "a trigger of the queue is gone": _ill(
        "shape",
        "The trigger procrastinate_jobs_notify_queue_job_inserted_v1 of jobs.procrastinate_jobs",
        "DROP TRIGGER procrastinate_jobs_notify_queue_job_inserted_v1 ON jobs.procrastinate_jobs",
        advice_is_sql=False,
    ),
    "an event trigger stands by": _ill(
        "shape",
        "The event trigger watching was made by no revision",
        "CREATE FUNCTION public.watching() RETURNS event_trigger LANGUAGE plpgsql"
        " AS 'BEGIN NULL; END'",
        "CREATE EVENT TRIGGER watching ON ddl_command_end EXECUTE FUNCTION public.watching()",
    ),
    "history may be changed after all": _ill(
        "shape",
        "The function nx.refuse_change() is not as its revision made it",
        "CREATE OR REPLACE FUNCTION nx.refuse_change() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN RETURN NEW; END'",
        advice_is_sql=False,
    ),
    "a door looks somewhere else": _ill(
        "shape",
        "The function nx.door_business_ids(text, integer) is not as its revision made it",
        "CREATE OR REPLACE FUNCTION nx.door_business_ids(p_after text, p_limit int)"
        " RETURNS TABLE (business_id text) LANGUAGE sql STABLE SECURITY DEFINER"
        " SET search_path = nx, pg_temp AS 'SELECT id FROM nx.businesses LIMIT 1'",
        advice_is_sql=False,
    ),
    "a door is not there": _ill(
        "shape",
        "The function nx.door_invited_to(text) is not there, but a revision made it",
        "DROP FUNCTION nx.door_invited_to(text)",
        advice_is_sql=False,
    ),
    "a function is said to be leakproof": _ill(
        "shape",
        "The function nx.refuse_change() is not as its revision made it",
        "ALTER FUNCTION nx.refuse_change() LEAKPROOF",
        advice_is_sql=False,
    ),
    "a function nobody knows": _ill(
        "shape",
        "The function nx.loose(integer) was made by no revision",
        "CREATE FUNCTION nx.loose(a int) RETURNS int LANGUAGE sql AS 'SELECT a'",
    ),
    "a function outside runs as its owner": _ill(
        "shape",
        "public.spy() runs as its owner, for everybody who finds it, and is no door",
        "CREATE FUNCTION public.spy() RETURNS bigint LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT count(*) FROM nx.customers'",
    ),
    "a view outside shows everything": _ill(
        "shape",
        "The view public.all_customers shows rows of nx.customers past the policies",
        "CREATE VIEW public.all_customers AS SELECT * FROM nx.customers",
    ),
    "a view of another schema keeps everything": _ill(
        "shape",
        "The view reporting.all_customers shows rows of nx.customers past the policies",
        "CREATE SCHEMA reporting",
        "CREATE MATERIALIZED VIEW reporting.all_customers AS SELECT * FROM nx.customers",
    ),
    "a view nobody knows": _ill(
        "shape",
        "The view nx.some_customers was made by no revision",
        "CREATE VIEW nx.some_customers WITH (security_invoker) AS SELECT * FROM nx.customers",
    ),
    "writes go nowhere": _ill(
        "shape",
        "The rule nothing of nx.audit_entries was made by no revision",
        "CREATE RULE nothing AS ON INSERT TO nx.audit_entries DO INSTEAD NOTHING",
    ),
    "reads come from elsewhere": _ill(
        "shape",
        "The rule twice of nx.point_transactions was made by no revision",
        "CREATE RULE twice AS ON INSERT TO nx.point_transactions"
        " DO ALSO INSERT INTO nx.pulses (name) VALUES ('seen')",
    ),
    "everybody who comes is in a business": _ill(
        "shape",
        "Everybody who comes begins with app.business_id = shop, which no revision set: "
        "`ALTER DATABASE patient RESET app.business_id`",
        "ALTER DATABASE patient SET app.business_id TO 'shop'",
    ),
    "no trigger fires for whoever comes": _ill(
        "shape",
        "Everybody who comes begins with session_replication_role = replica",
        "ALTER DATABASE patient SET session_replication_role TO 'replica'",
    ),
    "every role of the server is in a business": Illness(
        "shape",
        ("ALTER ROLE ALL SET app.business_id TO 'shop'",),
        "Everybody who comes begins with app.business_id = shop, which no revision set: "
        "`ALTER ROLE ALL RESET app.business_id`",
        ("ALTER ROLE ALL RESET app.business_id",),
    ),
    "a check is gone": _ill(
        "shape",
        "The rule ck_reward_redemptions_status_members of nx.reward_redemptions is not there",
        "ALTER TABLE nx.reward_redemptions DROP CONSTRAINT ck_reward_redemptions_status_members",
        advice_is_sql=False,
    ),
    "a check lets everything through": _ill(
        "shape",
        "The rule ck_reward_redemptions_status_members of nx.reward_redemptions is not as its"
        " revision made it",
        "ALTER TABLE nx.reward_redemptions DROP CONSTRAINT ck_reward_redemptions_status_members",
        "ALTER TABLE nx.reward_redemptions"
        " ADD CONSTRAINT ck_reward_redemptions_status_members CHECK (true)",
        advice_is_sql=False,
    ),
    "a rule nobody knows": _ill(
        "shape",
        "The rule named of nx.rewards was made by no revision",
        "ALTER TABLE nx.rewards ADD CONSTRAINT named CHECK (name <> 'Coffee')",
    ),
    "a key is gone": _ill(
        "shape",
        "The rule pk_audit_entries of nx.audit_entries is not there",
        "ALTER TABLE nx.audit_entries DROP CONSTRAINT pk_audit_entries",
    ),
    "a key that others refer to is gone": _ill(
        "shape",
        "The rule pk_customer_segments of nx.customer_segments is not there",
        "ALTER TABLE nx.customer_segments DROP CONSTRAINT pk_customer_segments CASCADE",
    ),
    "a unique rule too few": _ill(
        "shape",
        "The rule uq_users_email_norm of nx.users is not there",
        "ALTER TABLE nx.users DROP CONSTRAINT uq_users_email_norm",
    ),
    "a reference too few": _ill(
        "shape",
        "The rule fk_accounts_user_id of nx.accounts is not there",
        "ALTER TABLE nx.accounts DROP CONSTRAINT fk_accounts_user_id",
    ),
    "a reference takes rows with it": _ill(
        "shape",
        "The rule fk_accounts_user_id of nx.accounts is not as its revision made it",
        "ALTER TABLE nx.accounts DROP CONSTRAINT fk_accounts_user_id",
        "ALTER TABLE nx.accounts ADD CONSTRAINT fk_accounts_user_id"
        " FOREIGN KEY (user_id) REFERENCES nx.users (id) ON DELETE SET NULL",
        advice_is_sql=False,
    ),
    "an index too few": _ill(
        "shape",
        "The index ix_invitations_token_hash of nx.invitations is not there",
        "DROP INDEX nx.ix_invitations_token_hash",
    ),
    "an index too many": _ill(
        "shape",
        "The index also of nx.rewards was made by no revision",
        "CREATE INDEX also ON nx.rewards (name)",
    ),
    "a unique index counts the deleted too": _ill(
        "shape",
        "The index uq_customers_email_norm of nx.customers is not as its revision made it",
        "DROP INDEX nx.uq_customers_email_norm",
        "CREATE UNIQUE INDEX uq_customers_email_norm ON nx.customers (business_id, email_norm)",
    ),
    "an index is not unique any more": _ill(
        "shape",
        "The index uq_customers_email_norm of nx.customers is not as its revision made it",
        "DROP INDEX nx.uq_customers_email_norm",
        "CREATE INDEX uq_customers_email_norm ON nx.customers (business_id, email_norm)"
        " WHERE deleted_at IS NULL",
    ),
    "statistics nobody knows": _ill(
        "shape",
        "The statistics together of nx.rewards was made by no revision",
        "CREATE STATISTICS nx.together ON name, business_id FROM nx.rewards",
    ),
    "a default is gone": _ill(
        "shape",
        "The default of nx.rewards.created_at is not there",
        "ALTER TABLE nx.rewards ALTER COLUMN created_at DROP DEFAULT",
    ),
    "a default is another": _ill(
        "shape",
        "The default of nx.users.is_operator is not as its revision made it (true, not false)",
        "ALTER TABLE nx.users ALTER COLUMN is_operator SET DEFAULT true",
    ),
    "a default too many": _ill(
        "shape",
        "The default of nx.rewards.business_id was made by no revision",
        "ALTER TABLE nx.rewards ALTER COLUMN business_id SET DEFAULT 'shop'",
    ),
    "a column too many": _ill(
        "shape",
        "The column extra of nx.rewards was made by no revision",
        "ALTER TABLE nx.rewards ADD COLUMN extra text NOT NULL DEFAULT ''",
    ),
    "a column too few": _ill(
        "shape",
        "The column description of nx.rewards is not there",
        "ALTER TABLE nx.rewards DROP COLUMN description",
    ),
    "a column of another type": _ill(
        "shape",
        "The column amount_minor of nx.purchases is not as its revision made it (numeric, not "
        "bigint)",
        "ALTER TABLE nx.purchases ALTER COLUMN amount_minor TYPE numeric",
    ),
    "a column of another collation": _ill(
        "shape",
        "The column email_norm of nx.users is not as its revision made it (text, not text COLLATE"
        ' "C")',
        'ALTER TABLE nx.users ALTER COLUMN email_norm TYPE text COLLATE "default"',
    ),
    "a column that may be empty": _ill(
        "shape",
        "The rule NOT NULL of nx.rewards.name is not there",
        "ALTER TABLE nx.rewards ALTER COLUMN name DROP NOT NULL",
    ),
    "a column that may not be empty any more": _ill(
        "shape",
        "The rule NOT NULL of nx.rewards.category was made by no revision",
        "ALTER TABLE nx.rewards ALTER COLUMN category SET NOT NULL",
    ),
    "pictures are squeezed for nothing": _ill(
        "shape",
        "How nx.uploaded_files.content is stored is not as its revision made it",
        "ALTER TABLE nx.uploaded_files ALTER COLUMN content SET STORAGE MAIN",
    ),
    "a table is never cleaned up": _ill(
        "shape",
        "How nx.rewards is stored was made by no revision",
        "ALTER TABLE nx.rewards SET (autovacuum_enabled = false)",
    ),
    "a table does not survive a crash": _ill(
        "shape",
        "The table nx.pulses is not as its revision made it (UNLOGGED TABLE, not TABLE)",
        "ALTER TABLE nx.pulses SET UNLOGGED",
    ),
    "a table too few": _ill(
        "shape",
        "The table nx.pulses is not there, but a revision made it; its rows come back from a "
        "backup only",
        "DROP TABLE nx.pulses",
        advice_is_sql=False,
    ),
    "a table with policy, references and picture is not there": _ill(
        "shape",
        "The table nx.customer_segments_mapping is not there",
        "DROP TABLE nx.customer_segments_mapping",
        advice_is_sql=False,
    ),
    "a table too many": _ill(
        "shape",
        "The table nx.loose was made by no revision",
        "CREATE TABLE nx.loose (a int NOT NULL PRIMARY KEY DEFAULT 1)",
    ),
    "a table that adds its rows to another": _ill(
        "shape",
        "The table public.more_rewards adds its rows to those of nx.rewards",
        "CREATE TABLE public.more_rewards () INHERITS (nx.rewards)",
    ),
    "a table is shut that belongs to no business": _ill(
        "shape",
        "Row-level security of nx.users was made by no revision",
        "ALTER TABLE nx.users ENABLE ROW LEVEL SECURITY",
    ),
    "others are told all old values": _ill(
        "shape",
        "nx.rewards tells others of its changes in a way that no revision chose",
        "ALTER TABLE nx.rewards REPLICA IDENTITY FULL",
    ),
    "a sequence goes round": _ill(
        "shape",
        "The sequence jobs.procrastinate_jobs_id_seq is not as its revision made it",
        "ALTER SEQUENCE jobs.procrastinate_jobs_id_seq MAXVALUE 1000 CYCLE",
    ),
    "a type has a member too many": _ill(
        "shape",
        "The type nx.verification_type is not as its revision made it",
        "ALTER TYPE nx.verification_type ADD VALUE 'BY_LETTER'",
        advice_is_sql=False,
    ),
    "a type belongs to the application": _ill(
        "shape",
        "The owner of the type nx.verification_type is not as its revision made it (nx_app, ",
        "ALTER TYPE nx.verification_type OWNER TO nx_app",
    ),
    "a schema belongs to the application": _ill(
        "shape",
        "The owner of the schema jobs is not as its revision made it (nx_app, not nx_owner)",
        "ALTER SCHEMA jobs OWNER TO nx_app",
    ),
    "a stranger reads a table": Illness(
        "shape",
        ("CREATE ROLE stranger", "GRANT SELECT ON nx.users TO stranger"),
        "What stranger may do with the TABLE nx.users was made by no revision",
        ("DROP OWNED BY stranger", "DROP ROLE stranger"),
    ),
    "the application makes schemas": _ill(
        "shape",
        "What nx_app may do with the DATABASE patient was made by no revision",
        "GRANT CREATE ON DATABASE patient TO nx_app",
    ),
}

HISTORY = {
    "a revision of a later version": _ill(
        "history",
        "The database is at from_tomorrow, which this version does not know",
        "UPDATE nx.alembic_version SET version_num = 'from_tomorrow'",
        advice_is_sql=False,
    ),
    "nothing of ours": _ill(
        "history",
        "The database has no tables of ours yet: run `flask db upgrade`",
        "DELETE FROM nx.alembic_version",
        advice_is_sql=False,
    ),
    "a data migration gave up": _ill(
        "history",
        "The data migration copy_something failed after 1,200 of 5,000 rows; those stay done. "
        "`flask schema data status` says why, `flask schema data retry copy_something` goes on.",
        "INSERT INTO nx.data_migrations (name, status, rows_done, rows_total, error)"
        " VALUES ('copy_something', 'FAILED', 1200, 5000, 'Ada Lovelace has no name')",
        advice_is_sql=False,
    ),
}

ILLNESSES = ROLES | GRANTS | PROTECTION | LEFTOVERS | SHAPE | HISTORY
