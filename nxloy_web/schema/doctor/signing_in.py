"""The five roles: what they are, whom they belong to, and who signs in as them."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Connection

from nxloy_web.db.role_checks import check_rights
from nxloy_web.db.roles import ATTRIBUTES, LOGINS, MEMBERS, SEES_SESSIONS, settings_of

ADMIN = "as an administrator"
FLAGS = {
    "rolsuper": "SUPERUSER",
    "rolcreaterole": "CREATEROLE",
    "rolcreatedb": "CREATEDB",
    "rolreplication": "REPLICATION",
    "rolbypassrls": "BYPASSRLS",
    "rolcanlogin": "LOGIN",
    "rolinherit": "INHERIT",
}


def roles(connection: Connection) -> Iterator[str]:
    """Attributes, memberships and settings, as `flask db-roles` makes them and no others."""
    found = connection.execute(text("SELECT * FROM pg_roles WHERE rolname LIKE 'nx\\_%'"))
    there = {row["rolname"]: row for row in found.mappings()}
    for role in ATTRIBUTES:
        if role in there:
            yield from _attributes(role, there[role])
        else:
            yield f"The role {role} is not there: run `flask db-roles` {ADMIN}."
    yield from _memberships(connection)
    yield from _settings(connection)


def signed_in(connection: Connection, address: str, role: str) -> Iterator[str]:
    """Whether an address is the one of its role; nobody who serves people may own or bypass."""
    user = connection.scalar(text("SELECT current_user::text"))
    if user != role:
        yield f"{address} signs in as {user}, not as {role}: use the one `flask db-roles` prints."
    if role != "nx_migrator":
        yield from check_rights(connection)


def _attributes(role: str, row: Any) -> Iterator[str]:
    wanted = {"INHERIT", *ATTRIBUTES[role].split()}
    for column, word in FLAGS.items():
        if row[column] and word not in wanted:
            yield f"{role} has {word} and must not: `ALTER ROLE {role} NO{word}`, {ADMIN}."
        elif word in wanted and not row[column]:
            yield f"{role} lacks {word}: `ALTER ROLE {role} {word}`, {ADMIN}."


def _memberships(connection: Connection) -> Iterator[str]:
    rows = connection.execute(_MEMBERS, {"roles": list(ATTRIBUTES)}).all()
    held = {(member, group) for member, group, is_ours in rows if is_ours}
    wanted = {(member, group) for member, groups in MEMBERS.items() for group in groups}
    for member, group in sorted(held - wanted - {("nx_migrator", SEES_SESSIONS)}):
        yield f"{member} is a member of {group} and must not be: `REVOKE {group} FROM {member}`."
    for member, group in sorted(wanted - held):
        yield f"{member} is not a member of {group}: run `flask db-roles` {ADMIN}."
    for member, group, is_ours in rows:
        if not is_ours and group in ("nx_owner", "nx_doors", "nx_migrator"):
            yield f"{member} may act as {group}: `REVOKE {group} FROM {member}`, {ADMIN}."


def _settings(connection: Connection) -> Iterator[str]:
    held: dict[str, dict[str, str]] = {role: {} for role in ATTRIBUTES}
    for role, setting in connection.execute(_SETTINGS, {"roles": list(ATTRIBUTES)}):
        name, _, value = setting.partition("=")
        held[role][name.lower()] = value
    for role, settings in held.items():
        wanted = settings_of(role) if role in LOGINS.values() else {}
        for name, value in wanted.items():
            if settings.get(name) != value:
                now = f"begins with {name} = {settings.get(name, 'the server’s own')}"
                yield f"{role} {now}, not {value}: run `flask db-roles` {ADMIN}."
        for name in sorted(settings.keys() - wanted.keys()):
            yield (
                f"{role} begins with {name} = {settings[name]}, which is not for it to have: "
                f"`ALTER ROLE {role} RESET {name}` (or `… IN DATABASE …`), {ADMIN}."
            )


# Who makes a role may give it away again; that alone lets nobody act as it, so USAGE is asked.
_MEMBERS = text("""
    SELECT m.rolname, g.rolname, m.rolname = ANY(:roles)
    FROM pg_auth_members a JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
    WHERE m.rolname = ANY(:roles)
       OR g.rolname = ANY(:roles) AND NOT m.rolsuper AND pg_has_role(m.oid, g.oid, 'USAGE')
    GROUP BY 1, 2 ORDER BY 1, 2
""")
# Those for this one database come last and win.
_SETTINGS = text("""
    SELECT r.rolname, unnest(s.setconfig) AS setting
    FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole
    WHERE r.rolname = ANY(:roles)
      AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    ORDER BY s.setdatabase
""")
