"""What the roles may do, against what the revisions (and for schemas `flask db-roles`) grant."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.db.roles import SCHEMA_RIGHTS
from nxloy_web.schema import rights
from nxloy_web.schema.rights import PUBLIC, Thing

OPTION = " WITH GRANT OPTION"


def complaints(connection: Connection, revision: str, following: str | None) -> Iterator[str]:
    """Tables, sequences and functions. The revision that follows may have been cut short, so what
    it gives or takes is no mistake."""
    wanted = rights.declared(connection, revision)
    soon = rights.declared(connection, following) if following else wanted
    held = rights.held(connection)
    there = set(rights.things(connection))
    for thing, role in sorted(wanted.keys() | held.keys()):
        if thing in there:
            now, then = wanted.get((thing, role), set()), soon.get((thing, role), set())
            does = held.get((thing, role), set())
            yield from _lacks(thing, role, (now & then) - does)
            yield from _exceeds(thing, role, does - (now | then))


def schemas(connection: Connection) -> Iterator[str]:
    """Nobody but the migrator makes things, and what is made begins without rights."""
    held: dict[tuple[str, str], set[str]] = {}
    for schema, role, right in connection.execute(_SCHEMAS):
        held.setdefault((schema, role), set()).add(right)
    wanted = {key: set(listed.split(", ")) for key, listed in SCHEMA_RIGHTS.items()}
    for schema, role in sorted(wanted.keys() | held.keys()):
        should, does = wanted.get((schema, role), set()), held.get((schema, role), set())
        for right in sorted(should - does):
            yield f"{role} lacks {right} on the schema {schema}: run `flask db-roles` again."
        for right in sorted(does - should):
            yield (
                f"{_who(role)} has {right} on the schema {schema} and must not: "
                f"`REVOKE {right.removesuffix(OPTION)} ON SCHEMA {schema} FROM {role}`."
            )
    for schema in connection.scalars(_MAY_CREATE):
        yield (
            f"nx_app or nx_worker may make tables in the schema {schema}: "
            f"`REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC, nx_app, nx_worker`."
        )
    for owner, acl in connection.execute(_DEFAULTS):
        yield (
            f"What {owner} makes begins with rights for others ({acl}), past what revisions say: "
            "take the default back with `ALTER DEFAULT PRIVILEGES … REVOKE …`."
        )


def _lacks(thing: Thing, role: str, missing: set[str]) -> Iterator[str]:
    if missing:
        what = ", ".join(sorted(missing))
        give = f"GRANT {what} ON {thing.kind.upper()} {thing.name} TO {role}"
        yield f"{role} lacks {what} on {thing.name}: `{give}`, as the migrator."


def _exceeds(thing: Thing, role: str, more: set[str]) -> Iterator[str]:
    if more:
        what = ", ".join(sorted(more))
        names = ", ".join(sorted({right.removesuffix(OPTION) for right in more}))
        option = "GRANT OPTION FOR " if all(right.endswith(OPTION) for right in more) else ""
        take = f"REVOKE {option}{names} ON {thing.kind.upper()} {thing.name} FROM {role}"
        yield (
            f"{_who(role)} has {what} on {thing.name}, which no revision grants: "
            f"`{take}`, as the migrator."
        )


def _who(role: str) -> str:
    return "Everybody (PUBLIC)" if role == PUBLIC else role


_SCHEMAS = text("""
    SELECT n.nspname, CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_get_userbyid(a.grantee) END,
           a.privilege_type || CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END
    FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
    WHERE n.nspname IN ('nx', 'jobs') AND a.grantee <> n.nspowner
      AND (a.grantee = 0 OR pg_get_userbyid(a.grantee) LIKE 'nx\\_%')
""")
_MAY_CREATE = text("""
    SELECT nspname FROM pg_namespace
    WHERE nspname NOT IN ('nx', 'jobs') AND nspname !~ '^pg_(toast_)?temp_'
      AND (has_schema_privilege('nx_app', oid, 'CREATE')
           OR has_schema_privilege('nx_worker', oid, 'CREATE'))
    ORDER BY 1
""")
_DEFAULTS = text("""
    SELECT DISTINCT pg_get_userbyid(d.defaclrole), d.defaclacl::text
    FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace
    WHERE pg_get_userbyid(d.defaclrole) IN ('nx_owner', 'nx_migrator', 'nx_doors')
    ORDER BY 1, 2
""")
