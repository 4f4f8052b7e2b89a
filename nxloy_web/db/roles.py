"""The database roles and schemas, made once by an administrator.

nx_owner owns the tables and cannot sign in. nx_migrator changes them, as itself and past the
policies. nx_app and nx_worker serve: they own nothing and every policy holds for them. nx_doors
owns the few functions that look across businesses. All of it can be run again at any time.
"""

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, LiteralString, NamedTuple
from urllib.parse import quote, urlencode

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from nxloy_web.config import without_driver

DATABASE = "nxloy"
MAINTENANCE = ("", "postgres", "template1")
SEARCH_PATH = "nx, jobs"

LOGINS: dict[str, LiteralString] = {
    "migrator": "nx_migrator",
    "app": "nx_app",
    "worker": "nx_worker",
}
ATTRIBUTES: dict[LiteralString, LiteralString] = {
    "nx_owner": "NOLOGIN NOBYPASSRLS",
    "nx_doors": "NOLOGIN BYPASSRLS",
    "nx_migrator": "LOGIN INHERIT BYPASSRLS",
    "nx_app": "LOGIN NOBYPASSRLS",
    "nx_worker": "LOGIN NOBYPASSRLS",
}
SETTINGS: dict[LiteralString, dict[LiteralString, str]] = {
    # row_security=off turns "the policy hid the rows" into an error: without it a backfill or
    # the validation of a foreign key would silently pass over rows it cannot see.
    "nx_migrator": {"row_security": "off", "lock_timeout": "10s"},
    "nx_app": {"statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s"},
    "nx_worker": {"statement_timeout": "0", "lock_timeout": "5s"},
}
MEMBERS: dict[LiteralString, tuple[LiteralString, ...]] = {
    # The migrator hands its tables to nx_owner and its doors to nx_doors, and may change both.
    "nx_migrator": ("nx_owner", "nx_doors"),
}
# A schema change that waits for a lock names who holds it; without this the server shows the
# migrator only its own sessions. Some administrators may not give it: the name is missing then.
SEES_SESSIONS: LiteralString = "pg_read_all_stats"
SCHEMA_RIGHTS: dict[tuple[LiteralString, LiteralString], LiteralString] = {
    ("nx", "nx_migrator"): "USAGE, CREATE",
    ("jobs", "nx_migrator"): "USAGE, CREATE",
    ("nx", "nx_app"): "USAGE",
    ("jobs", "nx_app"): "USAGE",
    ("nx", "nx_worker"): "USAGE",
    ("jobs", "nx_worker"): "USAGE",
    # CREATE: PostgreSQL asks it of a role that is given a function in the schema.
    ("nx", "nx_doors"): "USAGE, CREATE",
}


def settings_of(role: LiteralString) -> dict[str, str]:
    """What a session of one of the `LOGINS` begins with."""
    return SETTINGS[role] | {"search_path": SEARCH_PATH, "timezone": "UTC"}


class Urls(NamedTuple):
    """Where each of the three signs in, as plain `postgresql://` URIs."""

    migrator: str
    app: str
    worker: str


class RolesError(Exception):
    """One sentence for the person at the terminal."""


def create_roles(
    admin_url: str,
    *,
    passwords: Mapping[str, str] | None = None,
    anew: bool = False,
    known: Mapping[str, str] | None = None,
) -> Urls:
    """Make, or put right, roles, schemas and grants in the URL's database.

    A role belongs to the whole server: one that exists keeps its password, whichever database is
    prepared. It is in the answer only when `known` has it. `passwords` are set each time; with
    `anew` all are new ones. The database is made when it is missing; a URL that names none of
    its own (`postgres`) means `nxloy`.
    """
    place = parse(admin_url)
    if str(place.get("dbname", "")) in MAINTENANCE:
        place["dbname"] = DATABASE
    _create_database(place)
    with _connect(uri(place)) as connection:
        _refuse_old(connection)
        try:
            with connection.transaction():
                if anew:
                    _refuse_open_sessions(connection)
                secret = dict(passwords or (_new_passwords(LOGINS) if anew else {}))
                secret |= _create_all(connection, secret)
        except errors.InsufficientPrivilege as error:
            raise RolesError(
                f"{place.get('user')} may not make these roles ({error.diag.message_primary}): "
                "NxLoy needs an administrator who may create roles with BYPASSRLS."
            ) from None
    secret = {**(known or {}), **secret}
    addresses = {
        who: uri({**place, "user": role, "password": secret.get(who)})
        for who, role in LOGINS.items()
    }
    return Urls(**addresses)


def uri(place: Mapping[str, Any]) -> str:
    """A libpq URI that SQLAlchemy reads as well; socket folders travel in the query."""
    rest = {key: str(value) for key, value in place.items() if value is not None}
    user, password = rest.pop("user", ""), rest.pop("password", "")
    name, host, port = rest.pop("dbname", ""), rest.pop("host", ""), rest.pop("port", "")
    who = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
    where = host
    if not host or host.startswith("/") or "," in host:
        rest = {key: value for key, value in (("host", host), ("port", port)) if value} | rest
        where, port = "", ""
    elif ":" in host:
        where = f"[{host}]"
    address = f"postgresql://{who}{'@' if who else ''}{where}{f':{port}' if port else ''}"
    query = f"?{urlencode(rest, quote_via=quote, safe='')}" if rest else ""
    return f"{address}/{quote(name, safe='')}{query}"


def parse(url: str) -> dict[str, Any]:
    """The parts of an address; a sentence without it when it is none."""
    try:
        return dict(conninfo_to_dict(without_driver(url)))
    except psycopg.ProgrammingError:  # its words repeat the address, password and all
        raise RolesError(
            "That is not a PostgreSQL address like postgresql://user:password@host:5432/database."
        ) from None


def _connect(url: str) -> psycopg.Connection[tuple[Any, ...]]:
    try:
        return psycopg.connect(url, autocommit=True, connect_timeout=10)
    except psycopg.OperationalError as error:
        raise RolesError(f"The database cannot be reached: {str(error).strip()}") from None


def _create_database(place: Mapping[str, Any]) -> None:
    name = str(place["dbname"])
    try:
        connection = psycopg.connect(
            uri({**place, "dbname": "postgres"}), autocommit=True, connect_timeout=10
        )
    except psycopg.OperationalError:
        return  # some servers let nobody in there; the database then has to exist already
    with connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is not None:
            return
        # template0, so that the encoding holds whatever template1 was made with
        make = sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
        try:
            connection.execute(make.format(sql.Identifier(name)))
        except errors.InsufficientPrivilege:
            raise RolesError(
                f"{place.get('user')} may not make the database {name}: make it first, or use an "
                "administrator who may."
            ) from None


def _refuse_old(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    version = connection.info.server_version // 10000
    if version < 15:
        raise RolesError(f"This is PostgreSQL {version}; NxLoy needs 15 or later.")


def _create_all(
    connection: psycopg.Connection[tuple[Any, ...]], passwords: Mapping[str, str]
) -> dict[str, str]:
    """Everything, with these passwords; who was made with a new one is in the answer."""
    run = connection.execute
    # Two deployers at once would both find a role missing and both make it.
    run("SELECT pg_advisory_xact_lock(hashtext('nxloy roles'))")
    existing = {row[0] for row in run("SELECT rolname FROM pg_roles").fetchall()}
    for role, attributes in ATTRIBUTES.items():
        if role not in existing:
            run(sql.SQL("CREATE ROLE {} " + attributes).format(sql.Identifier(role)))
    given = {who: passwords[who] for who in LOGINS if who in passwords}
    made = [who for who, role in LOGINS.items() if role not in existing and who not in given]
    secret = given | _new_passwords(made)
    for who, password in secret.items():
        _set_password(connection, LOGINS[who], password)
    for role in SETTINGS:
        for name, value in settings_of(role).items():
            # search_path is a list: a quoted 'nx, jobs' would name one schema
            literal = sql.SQL(SEARCH_PATH) if name == "search_path" else sql.Literal(value)
            run(
                sql.SQL("ALTER ROLE {} SET {} TO {}").format(
                    sql.Identifier(role), sql.Identifier(name), literal
                )
            )
    for role, groups in MEMBERS.items():
        for group in groups:
            run(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(role)))
    _show_sessions(connection)
    is_super = _is_superuser(connection)
    if not is_super:
        # Needed to give schemas to nx_owner, and withdrawn below.
        run("GRANT nx_owner TO CURRENT_USER")
    database = sql.Identifier(connection.info.dbname)
    run(
        sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO nx_migrator, nx_app, nx_worker").format(
            database
        )
    )
    if is_super:
        _take_set_config_away(connection)
    run("CREATE SCHEMA IF NOT EXISTS nx AUTHORIZATION nx_owner")
    run("CREATE SCHEMA IF NOT EXISTS jobs AUTHORIZATION nx_owner")
    for (schema, role), rights in SCHEMA_RIGHTS.items():
        run(
            sql.SQL("GRANT " + rights + " ON SCHEMA {} TO {}").format(
                sql.Identifier(schema), sql.Identifier(role)
            )
        )
    if not is_super:
        run("REVOKE nx_owner FROM CURRENT_USER")
    return secret


def _new_passwords(logins: Iterable[str]) -> dict[str, str]:
    return {who: secrets.token_urlsafe(24) for who in logins}


def _refuse_open_sessions(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """A new password would shut out whoever serves people with the old one."""
    rows = connection.execute(
        "SELECT usename, datname, count(*) FROM pg_stat_activity"
        " WHERE usename = ANY(%s) GROUP BY 1, 2 ORDER BY 1, 2",
        [list(LOGINS.values())],
    ).fetchall()
    if rows:
        who = ", ".join(f"{count} of {user} in {database}" for user, database, count in rows)
        raise RolesError(
            f"Sessions are open ({who}): stop web and worker of every database of this server "
            "first. No password was changed."
        )


def _set_password(
    connection: psycopg.Connection[tuple[Any, ...]], role: LiteralString, password: str
) -> None:
    """Hashed on this side, so that no password stands in the server's log."""
    verifier = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    )
    connection.execute(
        sql.SQL("ALTER ROLE {} PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(verifier.decode())
        )
    )


def _show_sessions(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    grant = sql.SQL("GRANT {} TO nx_migrator").format(sql.Identifier(SEES_SESSIONS))
    with suppress(errors.InsufficientPrivilege), connection.transaction():
        connection.execute(grant)


def _is_superuser(connection: psycopg.Connection[tuple[Any, ...]]) -> bool:
    found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    row = found.fetchone()
    return bool(row and row[0])


def _take_set_config_away(connection: psycopg.Connection[tuple[Any, ...]]) -> None:
    """Injected SQL could enter another business inside one statement through set_config.

    SET LOCAL cannot be nested in a statement, so the application uses that. pg_dump, which the
    migrator may run, starts with set_config.
    """
    connection.execute(
        "REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC"
    )
    connection.execute(
        "GRANT EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean)"
        " TO nx_migrator, nx_owner"
    )
