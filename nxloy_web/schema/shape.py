"""The shape of a database: everything in it that is no row, one part at a time.

Sorted by name and without places of columns: a column that was dropped and added again stands
elsewhere in its table, and nothing depends on that.
"""

from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.engine import Connection


class Part(NamedTuple):
    """One thing that can be right or wrong by itself, such as the default of a column."""

    kind: str
    of: str
    """The table it belongs to, or "-"."""
    name: str


Shape = dict[Part, str]
"""How PostgreSQL itself writes each part down."""


def taken(connection: Connection) -> Shape:
    """The shape of the connection's database, at one moment. Ends a transaction if one is open."""
    found: Shape = {}
    connection.rollback()
    with connection.begin():
        # Nothing is on the path, so every name is written with its schema.
        connection.execute(text("SET LOCAL search_path TO pg_catalog"))
        for kind, question in _QUESTIONS.items():
            for of, name, value in connection.execute(text(question)):
                found[Part(kind, of, name)] = value
    return found


def major(connection: Connection) -> int:
    """The server's version, as in "PostgreSQL 18"."""
    return int(connection.scalar(text("SHOW server_version_num")) or 0) // 10000


# Alembic's own table stays empty when all else is gone, and belongs to no revision.
_OURS = (
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " AND n.nspname IN ('nx', 'jobs') AND c.relname !~ '^alembic_version'"
)
_NAME = "n.nspname || '.' || quote_ident(c.relname)"
_GRANTEE = "CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END"
_RIGHTS = (
    "string_agg(a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE ''"
    " END, ', ' ORDER BY a.privilege_type)"
)
_FUNCTION = "n.nspname || '.' || p.proname || '(' || oidvectortypes(p.proargtypes) || ')'"
_NOT_OF_EXTENSION = (
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.objid = {0}.oid)"
    " AND n.nspname NOT IN ('nx', 'jobs', 'information_schema') AND n.nspname !~ '^pg_'"
)
_QUESTIONS = {
    "schema": """
        SELECT '-', nspname,
               CASE WHEN pg_get_userbyid(nspowner) ~ '^nx_' THEN pg_get_userbyid(nspowner)
                    ELSE 'an administrator' END
        FROM pg_namespace n WHERE nspname IN ('nx', 'jobs')""",
    "type": """
        SELECT '-', n.nspname || '.' || quote_ident(t.typname),
               CASE t.typtype
                 WHEN 'e' THEN 'AS ENUM (' || (
                   SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                   FROM pg_enum e WHERE e.enumtypid = t.oid) || ')'
                 WHEN 'd' THEN 'domain over ' || format_type(t.typbasetype, t.typtypmod)
                   || (SELECT coalesce(string_agg(' ' || pg_get_constraintdef(k.oid), '' ORDER BY 1),
                       '') FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c')
                 WHEN 'c' THEN 'AS (' || (
                   SELECT string_agg(quote_ident(b.attname) || ' '
                                     || format_type(b.atttypid, b.atttypmod), ', ' ORDER BY b.attnum)
                   FROM pg_attribute b WHERE b.attrelid = t.typrelid AND b.attnum > 0
                     AND NOT b.attisdropped) || ')'
                 ELSE 'a range' END
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
          AND n.nspname IN ('nx', 'jobs')
        WHERE t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND EXISTS (
          SELECT FROM pg_class c WHERE c.oid = t.typrelid AND c.relkind = 'c')""",
    "table": f"""
        SELECT '-', {_NAME},
               CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED ' ELSE '' END
               || CASE c.relkind WHEN 'f' THEN 'FOREIGN ' ELSE '' END || 'TABLE'
               || coalesce(' PARTITION BY ' || pg_get_partkeydef(c.oid), '')
        {_OURS} WHERE c.relkind IN ('r', 'p', 'f')""",
    "view": f"""
        SELECT '-', {_NAME},
               CASE c.relkind WHEN 'm' THEN 'MATERIALIZED ' ELSE '' END || 'VIEW'
               || coalesce(' WITH (' || array_to_string(c.reloptions, ', ') || ')', '')
               || ' AS' || pg_get_viewdef(c.oid)
        {_OURS} WHERE c.relkind IN ('v', 'm')""",
    "sequence": f"""
        SELECT coalesce((SELECT d.refobjid::regclass || '.' || quote_ident(b.attname)
                         FROM pg_depend d JOIN pg_attribute b
                           ON b.attrelid = d.refobjid AND b.attnum = d.refobjsubid
                         WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass
                           AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0), '-'), {_NAME},
               'AS ' || format_type(s.seqtypid, NULL) || ' INCREMENT BY ' || s.seqincrement
               || ' MINVALUE ' || s.seqmin || ' MAXVALUE ' || s.seqmax || ' START WITH '
               || s.seqstart || ' CACHE ' || s.seqcache
               || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END
        {_OURS} JOIN pg_sequence s ON s.seqrelid = c.oid""",
    "row-level-security": f"""
        SELECT {_NAME}, 'row-level-security',
               array_to_string(ARRAY[CASE WHEN c.relrowsecurity THEN 'ENABLE' END,
                                     CASE WHEN c.relforcerowsecurity THEN 'FORCE' END], ', ')
        {_OURS} WHERE c.relrowsecurity OR c.relforcerowsecurity""",
    "options": f"""
        SELECT {_NAME}, 'options', array_to_string(c.reloptions, ', ')
        {_OURS} WHERE c.relkind IN ('r', 'p') AND c.reloptions IS NOT NULL""",
    "partition": f"""
        SELECT h.inhparent::regclass::text, {_NAME},
               coalesce(pg_get_expr(c.relpartbound, c.oid), 'inherits')
        {_OURS} JOIN pg_inherits h ON h.inhrelid = c.oid WHERE c.relkind IN ('r', 'p', 'f')""",
    "replica-identity": f"""
        SELECT {_NAME}, 'replica-identity', c.relreplident::text
        {_OURS} WHERE c.relkind IN ('r', 'p') AND c.relreplident <> 'd'""",
    "column": f"""
        SELECT {_NAME}, quote_ident(b.attname),
               format_type(b.atttypid, b.atttypmod)
               || CASE WHEN b.attcollation <> t.typcollation
                    THEN ' COLLATE ' || b.attcollation::regcollation ELSE '' END
               || CASE b.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY'
                    WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' ELSE '' END
               || CASE WHEN b.attgenerated <> '' THEN ' GENERATED ALWAYS AS ('
                    || pg_get_expr(d.adbin, d.adrelid) || ')'
                    || CASE b.attgenerated WHEN 's' THEN ' STORED' ELSE ' VIRTUAL' END ELSE '' END
        {_OURS} JOIN pg_attribute b ON b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped
        JOIN pg_type t ON t.oid = b.atttypid
        LEFT JOIN pg_attrdef d ON d.adrelid = b.attrelid AND d.adnum = b.attnum
        WHERE c.relkind IN ('r', 'p', 'f')""",
    "default": f"""
        SELECT {_NAME}, quote_ident(b.attname), pg_get_expr(d.adbin, d.adrelid)
        {_OURS} JOIN pg_attribute b ON b.attrelid = c.oid AND b.attgenerated = ''
        JOIN pg_attrdef d ON d.adrelid = b.attrelid AND d.adnum = b.attnum
        WHERE c.relkind IN ('r', 'p', 'f')""",
    "not-null": f"""
        SELECT {_NAME}, quote_ident(b.attname), 'NOT NULL'
        {_OURS} JOIN pg_attribute b ON b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped
          AND b.attnotnull
        WHERE c.relkind IN ('r', 'p', 'f')""",
    "storage": f"""
        SELECT {_NAME}, quote_ident(b.attname),
               concat_ws(' ', CASE WHEN b.attstorage <> t.typstorage THEN 'STORAGE ' || b.attstorage::text
                              END, CASE WHEN b.attcompression <> '' THEN 'COMPRESSION '
                              || b.attcompression::text END)
        {_OURS} JOIN pg_attribute b ON b.attrelid = c.oid AND b.attnum > 0 AND NOT b.attisdropped
        JOIN pg_type t ON t.oid = b.atttypid
        WHERE c.relkind IN ('r', 'p')
          AND (b.attstorage <> t.typstorage OR b.attcompression <> '')""",
    # NOT NULL is a constraint too since PostgreSQL 18. What is not yet proven is said elsewhere.
    "constraint": f"""
        SELECT {_NAME}, quote_ident(k.conname),
               regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '')
        {_OURS} JOIN pg_constraint k ON k.conrelid = c.oid
          AND k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conparentid = 0""",
    "index": f"""
        SELECT {_NAME}, quote_ident(x.relname), pg_get_indexdef(i.indexrelid)
        {_OURS} JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
        WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid
                          AND k.contype IN ('p', 'u', 'x'))""",
    "statistics": f"""
        SELECT {_NAME}, quote_ident(s.stxname), pg_get_statisticsobjdef(s.oid)
        {_OURS} JOIN pg_statistic_ext s ON s.stxrelid = c.oid""",
    "trigger": f"""
        SELECT {_NAME}, quote_ident(t.tgname), pg_get_triggerdef(t.oid)
        {_OURS} JOIN pg_trigger t ON t.tgrelid = c.oid
        WHERE NOT t.tgisinternal AND t.tgparentid = 0""",
    "trigger-state": f"""
        SELECT {_NAME}, quote_ident(t.tgname),
               CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'
                 ELSE 'ENABLE ALWAYS' END
        {_OURS} JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
        WHERE t.tgenabled <> 'O'""",
    "references-off": f"""
        SELECT {_NAME}, 'references-off', count(*)::text
        {_OURS} JOIN pg_trigger t ON t.tgrelid = c.oid AND t.tgisinternal
        WHERE t.tgenabled <> 'O' GROUP BY 1""",
    "rule": f"""
        SELECT {_NAME}, quote_ident(r.rulename), pg_get_ruledef(r.oid)
               || CASE r.ev_enabled WHEN 'O' THEN '' ELSE ' -- ' || r.ev_enabled::text END
        {_OURS} JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'""",
    "policy": f"""
        SELECT {_NAME}, quote_ident(p.polname),
               'AS ' || CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END
               || ' FOR ' || CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT'
                               WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END
               || ' TO ' || (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC'
                                               ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
                             FROM unnest(p.polroles) r)
               || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')
               || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')
        {_OURS} JOIN pg_policy p ON p.polrelid = c.oid""",
    "function": f"""
        SELECT '-', {_FUNCTION},
               CASE p.prokind WHEN 'a' THEN 'an aggregate'
                 ELSE pg_get_functiondef(p.oid) END
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          AND n.nspname IN ('nx', 'jobs')""",
    "owner": f"""
        SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                 WHEN 'S' THEN 'sequence' ELSE 'table' END, {_NAME}, pg_get_userbyid(c.relowner)
        {_OURS} WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        UNION ALL
        SELECT 'function', {_FUNCTION}, pg_get_userbyid(p.proowner)
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          AND n.nspname IN ('nx', 'jobs')
        UNION ALL
        SELECT 'type', n.nspname || '.' || quote_ident(t.typname), pg_get_userbyid(t.typowner)
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
          AND n.nspname IN ('nx', 'jobs') AND t.typtype IN ('e', 'd', 'r')""",
    "grant": f"""
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || {_NAME}, {_GRANTEE},
               {_RIGHTS}
        {_OURS}, aclexplode(c.relacl) a WHERE a.grantee <> c.relowner GROUP BY 1, 2
        UNION ALL
        SELECT 'COLUMN ' || {_NAME} || '.' || quote_ident(b.attname), {_GRANTEE}, {_RIGHTS}
        {_OURS} JOIN pg_attribute b ON b.attrelid = c.oid AND NOT b.attisdropped,
        aclexplode(b.attacl) a WHERE a.grantee <> c.relowner GROUP BY 1, 2
        UNION ALL
        SELECT 'FUNCTION ' || {_FUNCTION}, {_GRANTEE}, {_RIGHTS}
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
          AND n.nspname IN ('nx', 'jobs'),
        aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        WHERE a.grantee <> p.proowner GROUP BY 1, 2
        UNION ALL
        SELECT 'SCHEMA ' || n.nspname, {_GRANTEE}, {_RIGHTS}
        FROM pg_namespace n, aclexplode(n.nspacl) a
        WHERE n.nspname IN ('nx', 'jobs') AND a.grantee <> n.nspowner GROUP BY 1, 2
        UNION ALL
        SELECT 'DATABASE', {_GRANTEE}, {_RIGHTS}
        FROM pg_database d, aclexplode(d.datacl) a
        WHERE d.datname = current_database() AND a.grantee <> d.datdba
          AND a.privilege_type = 'CREATE' GROUP BY 1, 2""",
    # What everybody who comes begins with. Of a role by itself `signing_in` tells.
    "setting": """
        SELECT CASE s.setdatabase WHEN 0 THEN 'every-role' ELSE 'database' END,
               split_part(one, '=', 1), substring(one FROM position('=' IN one) + 1)
        FROM pg_db_role_setting s, unnest(s.setconfig) one
        WHERE s.setrole = 0
          AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
          AND one !~* '^(log_|auto_explain\\.|track_|pg_stat_statements\\.)'""",
    "event-trigger": """
        SELECT '-', quote_ident(evtname), evtevent || ' ' || evtfoid::regprocedure::text
        FROM pg_event_trigger e
        WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.deptype = 'e' AND d.objid = e.oid)""",
    "outside-function": f"""
        SELECT '-', {_FUNCTION}, 'SECURITY DEFINER'
        FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE p.prosecdef AND {_NOT_OF_EXTENSION.format("p")}
          AND (n.nspname = 'public' OR has_function_privilege('public', p.oid, 'EXECUTE')
               AND has_schema_privilege('public', n.oid, 'USAGE'))""",
    "outside-view": f"""
        SELECT CASE c.relkind WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'VIEW' END, {_NAME},
               string_agg(DISTINCT d.refobjid::regclass::text, ', ')
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_rewrite r ON r.ev_class = c.oid
        JOIN pg_depend d ON d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
          AND d.deptype = 'n'
        JOIN pg_class ours ON ours.oid = d.refobjid AND ours.relnamespace::regnamespace::text
          IN ('nx', 'jobs')
        WHERE c.relkind IN ('v', 'm') AND {_NOT_OF_EXTENSION.format("c")} GROUP BY 1, 2""",
    "outside-rows": f"""
        SELECT '-', {_NAME}, 'inherits from ' || h.inhparent::regclass
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        JOIN pg_inherits h ON h.inhrelid = c.oid
        JOIN pg_class ours ON ours.oid = h.inhparent AND ours.relnamespace::regnamespace::text
          IN ('nx', 'jobs')
        WHERE {_NOT_OF_EXTENSION.format("c")}""",
}
KINDS = tuple(_QUESTIONS)
"""In the order in which things can be made: a table before its columns."""
