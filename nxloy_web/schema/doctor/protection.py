"""Whether businesses stay apart: policies, owners, functions and views that look past them."""

import re
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.schema.doctor.complaint import some
from nxloy_web.tables import OPEN_TABLES

MIGRATOR = "as the migrator"


def look(connection: Connection, not_yet: Collection[str] = ()) -> Iterator[str]:
    """`not_yet` names tables that get their policy in a revision that is still to come."""
    yield from _policies(connection, {*OPEN_TABLES, *not_yet})
    yield from _owners(connection)
    yield from _functions(connection)
    yield from _views(connection)


def still_open(statements: Iterable[str]) -> set[str]:
    """The tables that these statements make and put under no policy."""
    made: set[str] = set()
    for statement in statements:
        if found := re.match(r"CREATE TABLE (?:IF NOT EXISTS )?(?:nx\.)?(\w+) ", statement):
            made.add(found[1])
        elif found := re.match(r"CREATE POLICY tenant ON (?:nx\.)?(\w+) ", statement):
            made.discard(found[1])
    return made


def counts(connection: Connection) -> tuple[int, int]:
    """How many tables and policies there are."""
    row = connection.execute(_COUNTS).one()
    return row[0], row[1]


def outside(connection: Connection) -> Iterator[str]:
    """Tables that belong to no business and that no reason lets stand open."""
    known = {*OPEN_TABLES, "alembic_version"}
    bare = [name for name in connection.scalars(_BARE) if name not in known]
    if bare:
        yield (
            f"No policy protects {some(bare)}, and OPEN_TABLES gives no reason for it: "
            "drop what no revision made, or give it its business."
        )


def _policies(connection: Connection, open_tables: Collection[str]) -> Iterator[str]:
    for table, key, enabled, forced, names, good in connection.execute(_POLICIES):
        if table in open_tables:
            continue
        name = f"nx.{table}"
        if not enabled:
            yield f"{name} has its policy switched off: `{_alter(name, 'ENABLE')}`, {MIGRATOR}."
        if not forced:
            yield f"{name} lets its owner past the policy: `{_alter(name, 'FORCE')}`, {MIGRATOR}."
        mine = f"{key} = current_setting('app.business_id', true)"
        make = f"CREATE POLICY tenant ON {name} USING ({mine}) WITH CHECK ({mine})"
        if "tenant" not in names:
            yield f"{name} has no policy that keeps businesses apart: `{make}`, {MIGRATOR}."
        elif not good:
            yield (
                f"The policy of {name} is not the one that keeps businesses apart: "
                f"`DROP POLICY tenant ON {name}; {make}`, {MIGRATOR}."
            )
    for name, policy in connection.execute(_STRANGE, {"open": list(OPEN_TABLES)}):
        yield (
            f"{name} has a policy {policy} that no revision made, and policies add up: "
            f"`DROP POLICY {policy} ON {name}`, {MIGRATOR}."
        )


def _alter(name: str, what: str) -> str:
    return f"ALTER TABLE {name} {what} ROW LEVEL SECURITY"


def _owners(connection: Connection) -> Iterator[str]:
    for kind, name, owner, rightful in connection.execute(_OWNERS):
        give = f"ALTER {kind.upper()} {name} OWNER TO {rightful}"
        yield f"The {kind} {name} belongs to {owner}: `{give}`, as an administrator."


def _functions(connection: Connection) -> Iterator[str]:
    for name, is_door in connection.execute(_LOOSE):
        if is_door:
            pin = f"ALTER FUNCTION {name} SET search_path = nx, pg_temp"
            yield f"{name} runs as its owner along a path that its caller sets: `{pin}`."
        else:
            yield (
                f"{name} runs as its owner and is no door: `ALTER FUNCTION {name} SECURITY INVOKER`"
                ", or drop it."
            )


def _views(connection: Connection) -> Iterator[str]:
    for name, is_stored in connection.execute(_OPEN_VIEWS):
        if is_stored:
            yield f"The materialized view {name} holds rows of every business: drop it."
        else:
            set_ = f"ALTER VIEW {name} SET (security_invoker = true)"
            yield f"The view {name} reads as its owner, past its reader’s policies: `{set_}`."


_COUNTS = text("""
    SELECT (SELECT count(*) FROM pg_class
            WHERE relnamespace = 'nx'::regnamespace AND relkind IN ('r', 'p')),
           (SELECT count(*) FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
            WHERE c.relnamespace = 'nx'::regnamespace)
""")
_POLICIES = text("""
    WITH kept AS (
      SELECT c.oid, c.relname::text AS name, c.relrowsecurity, c.relforcerowsecurity,
             CASE c.relname WHEN 'businesses' THEN 'id' ELSE 'business_id' END AS key
      FROM pg_class c
      WHERE c.relnamespace = 'nx'::regnamespace AND c.relkind IN ('r', 'p')
        AND (c.relname = 'businesses' OR EXISTS (
          SELECT FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = 'business_id' AND NOT a.attisdropped))
    )
    SELECT name, key, relrowsecurity, relforcerowsecurity,
           ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = kept.oid),
           EXISTS (SELECT FROM pg_policy WHERE polrelid = kept.oid AND polname = 'tenant'
                   AND polpermissive AND polcmd = '*' AND polroles = '{0}'
                   AND pg_get_expr(polqual, polrelid)
                       = '(' || key || ' = current_setting(''app.business_id''::text, true))'
                   AND pg_get_expr(polwithcheck, polrelid) = pg_get_expr(polqual, polrelid))
    FROM kept ORDER BY name
""")
_STRANGE = text("""
    SELECT c.relnamespace::regnamespace || '.' || c.relname, quote_ident(p.polname)
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
    WHERE c.relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)
      AND (p.polname <> 'tenant' OR c.relname = ANY(:open)
           OR c.relnamespace = 'jobs'::regnamespace)
    ORDER BY 1, 2
""")
_BARE = text("""
    SELECT c.relname::text FROM pg_class c
    WHERE c.relnamespace = 'nx'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity
      AND c.relname <> 'businesses' AND NOT EXISTS (
        SELECT FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attname = 'business_id' AND NOT a.attisdropped)
    ORDER BY 1
""")
# Alembic's own table and the job queue's things stay with the migrator, who made them.
_OWNERS = text("""
    SELECT kind, name, owner, rightful FROM (
      SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                            WHEN 'S' THEN 'sequence' ELSE 'table' END AS kind,
             n.nspname || '.' || c.relname AS name, pg_get_userbyid(c.relowner)::text AS owner,
             'nx_owner' AS rightful,
             n.nspname = 'jobs' OR c.relname = 'alembic_version' AS or_migrator
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('nx', 'jobs') AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
      UNION ALL
      SELECT 'function',
             n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')',
             pg_get_userbyid(p.proowner)::text,
             CASE WHEN p.prosecdef THEN 'nx_doors' ELSE 'nx_owner' END, n.nspname = 'jobs'
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ('nx', 'jobs')
    ) things
    WHERE owner <> rightful AND NOT (or_migrator AND owner = 'nx_migrator') ORDER BY 1, 2
""")
_LOOSE = text("""
    SELECT p.pronamespace::regnamespace || '.' || p.proname
           || '(' || oidvectortypes(p.proargtypes) || ')', p.proname ~ '^door_'
    FROM pg_proc p
    WHERE p.pronamespace IN ('nx'::regnamespace, 'jobs'::regnamespace) AND p.prosecdef
      AND (p.proname !~ '^door_'
           OR NOT coalesce(p.proconfig, '{}') @> ARRAY['search_path=nx, pg_temp'])
    ORDER BY 1
""")
_OPEN_VIEWS = text("""
    SELECT c.relnamespace::regnamespace || '.' || c.relname, c.relkind = 'm' FROM pg_class c
    WHERE c.relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)
      AND (c.relkind = 'm' OR c.relkind = 'v' AND NOT coalesce(c.reloptions, '{}')
           && ARRAY['security_invoker=true', 'security_invoker=on', 'security_invoker=1'])
    ORDER BY 1
""")
