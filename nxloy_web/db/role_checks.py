"""Whether the role that this process signs in as is one that may serve people."""

from collections.abc import Callable, Collection
from typing import Any, LiteralString, Protocol


class Connection(Protocol):
    """What both a psycopg connection and (behind `exec_driver_sql`) SQLAlchemy's can do."""

    def execute(self, statement: Any, parameters: Any = ..., /) -> Any: ...


def check_role(connection: Connection, *, open_tables: Collection[str] = ()) -> list[str]:
    """What is wrong with serving people as this connection's role; empty when all is well.

    `open_tables` names tables that carry a business_id and stand outside the policies on purpose.
    """
    return check_rights(connection) + _check_policies(connection, open_tables)


def check_rights(connection: Connection) -> list[str]:
    """The part of `check_role` that can be asked before the tables are there."""
    run = _runner(connection)
    user, is_super, bypasses = run(
        "SELECT rolname, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user"
    ).fetchone()
    advice = "use the DATABASE_URL that `flask db-roles` prints"
    if is_super:
        return [f"The database role {user} is a superuser, so no policy holds for it: {advice}."]
    problems = []
    if bypasses:
        problems.append(f"The database role {user} bypasses row-level security: {advice}.")
    owned = [row[0] for row in run(OWNED_TABLES).fetchall()]
    if owned:
        problems.append(f"The database role {user} owns tables ({_some(owned)}): {advice}.")
    return problems


def _check_policies(connection: Connection, open_tables: Collection[str]) -> list[str]:
    rows = _runner(connection)(BARE_TABLES).fetchall()
    bare = [row[0] for row in rows if row[0] not in open_tables]
    if not bare:
        return []
    return [
        f"These tables hold a business_id but no enforced policy: {_some(bare)}; "
        "run `flask db upgrade` with this version."
    ]


def _runner(connection: Connection) -> Callable[[str], Any]:
    return getattr(connection, "exec_driver_sql", connection.execute)


OWNED_TABLES: LiteralString = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('nx', 'jobs') AND c.relkind IN ('r', 'p', 'v', 'm')
      AND pg_has_role(current_user, c.relowner, 'MEMBER')
    ORDER BY 1
"""
BARE_TABLES: LiteralString = """
    SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'nx' AND c.relkind IN ('r', 'p')
      AND NOT (c.relrowsecurity AND c.relforcerowsecurity
               AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
      -- A table that is given its business step by step is closed in the last step.
      AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid
                      AND t.tgname = 'nx_keep_' || c.relname || '_business_id')
      AND (c.relname = 'businesses' OR EXISTS (
          SELECT FROM pg_attribute a
          WHERE a.attrelid = c.oid AND a.attname = 'business_id' AND NOT a.attisdropped))
    ORDER BY 1
"""


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
