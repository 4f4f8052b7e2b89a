"""The shape of a database, written down so that two of them can be compared.

Sorted by name: a column that was dropped and added again stands at another place in its table, and
no statement of the application depends on that.
"""

from typing import Any

import psycopg

Shape = dict[str, list[tuple[Any, ...]]]
Connection = psycopg.Connection[tuple[Any, ...]]

# Alembic's own table is there, empty, when everything else is gone.
_RELATIONS = (
    "FROM pg_class c WHERE c.relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)"
    " AND c.relname NOT LIKE 'alembic_version%'"
)
_QUESTIONS = {
    "relations": f"""
        SELECT c.oid::regclass::text, c.relkind::text, c.relowner::regrole::text,
               c.relrowsecurity, c.relforcerowsecurity, c.relpersistence::text {_RELATIONS}""",
    "columns": f"""
        SELECT c.oid::regclass::text, a.attname::text, format_type(a.atttypid, a.atttypmod),
               a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text,
               a.attidentity::text, a.attgenerated::text, a.attstorage::text
        FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        JOIN (SELECT c.oid, c.relkind {_RELATIONS}) c ON c.oid = a.attrelid
        WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind = 'r'""",
    # Since PostgreSQL 18 NOT NULL is a constraint too; the columns tell of it already.
    "constraints": f"""
        SELECT k.conrelid::regclass::text, k.conname::text, pg_get_constraintdef(k.oid),
               k.convalidated
        FROM pg_constraint k
        WHERE k.contype <> 'n' AND k.conrelid IN (SELECT c.oid {_RELATIONS})""",
    "indexes": f"""
        SELECT pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisprimary
        FROM pg_index i WHERE i.indrelid IN (SELECT c.oid {_RELATIONS})""",
    "policies": """
        SELECT schemaname::text, tablename::text, policyname::text, permissive, roles::text, cmd,
               qual, with_check FROM pg_policies""",
    "table grants": f"""
        SELECT c.oid::regclass::text, a.grantor::regrole::text, a.grantee::regrole::text,
               a.privilege_type, a.is_grantable
        FROM (SELECT c.oid, coalesce(c.relacl, acldefault('r', c.relowner)) AS acl {_RELATIONS}
              AND c.relkind IN ('r', 'S')) c, aclexplode(c.acl) a""",
    "column grants": f"""
        SELECT t.attrelid::regclass::text, t.attname::text, a.grantee::regrole::text,
               a.privilege_type, a.is_grantable
        FROM pg_attribute t, aclexplode(t.attacl) a
        WHERE NOT t.attisdropped AND t.attrelid IN (SELECT c.oid {_RELATIONS})""",
    "triggers": f"""
        SELECT t.tgrelid::regclass::text, pg_get_triggerdef(t.oid), t.tgenabled::text
        FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgrelid IN (SELECT c.oid {_RELATIONS})""",
    "functions": """
        SELECT p.oid::regprocedure::text, p.proowner::regrole::text, p.prosecdef,
               p.proconfig::text, md5(p.prosrc), p.provolatile::text, l.lanname::text,
               pg_get_function_result(p.oid)
        FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
        WHERE p.pronamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)""",
    "function grants": """
        SELECT p.oid::regprocedure::text, a.grantee::regrole::text, a.privilege_type
        FROM pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
        WHERE p.pronamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)""",
    "enums": """
        SELECT t.oid::regtype::text, t.typowner::regrole::text,
               (SELECT string_agg(e.enumlabel, ', ' ORDER BY e.enumsortorder)
                FROM pg_enum e WHERE e.enumtypid = t.oid)
        FROM pg_type t WHERE t.typtype IN ('e', 'd')
          AND t.typnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)""",
}


def shape(connection: Connection) -> Shape:
    """Columns, rules, indexes, policies, rights, triggers, functions and types of nx and jobs."""
    connection.execute("SET search_path = nx, jobs")
    return {
        kind: sorted(connection.execute(question).fetchall(), key=repr)  # type: ignore[arg-type]
        for kind, question in _QUESTIONS.items()
    }


def differences(before: Shape, after: Shape) -> list[str]:
    """What the one has and the other has not, a line each; empty when they are equal."""
    found = []
    for kind in _QUESTIONS:
        found += [f"lost, {kind}: {row}" for row in before[kind] if row not in after[kind]]
        found += [f"new, {kind}: {row}" for row in after[kind] if row not in before[kind]]
    return found
