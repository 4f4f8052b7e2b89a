"""What each role may do is exactly what it needs: the rest is tried, and refused."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from psycopg import errors
from sqlalchemy import NullPool, create_engine

from nxloy_web.config import with_driver
from nxloy_web.db import roles as made
from nxloy_web.schema import history, rights
from nxloy_web.schema.printing import statements
from nxloy_web.schema.rights import Rights, Thing
from nxloy_web.tables import OPEN_TABLES, Base
from tests.factories import make_customer, make_shop

Connection = psycopg.Connection[tuple[Any, ...]]
SERVING = ("nx_app", "nx_worker")
VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
APPEND_ONLY = (
    "point_transactions",
    "point_reversals",
    "lot_uses",
    "stock_movements",
    "redemption_events",
    "audit_entries",
)


@pytest.fixture(scope="module")
def granted(app: Flask, database: Any) -> tuple[list[Thing], Rights]:
    """Everything there is, and what the revisions say may be done with it."""
    engine = create_engine(with_driver(database.migrator_url), poolclass=NullPool)
    with app.app_context(), engine.connect() as connection:
        newest = history.revisions()[-1].id
        return rights.things(connection), rights.declared(connection, newest)


@pytest.fixture(scope="module")
def tables(granted: tuple[list[Thing], Rights]) -> list[str]:
    return [thing.name for thing in granted[0] if thing.kind == "table"]


def address(database: Any, role: str) -> str:
    by_role = {
        "nx_app": database.app_url,
        "nx_worker": database.worker_url,
        "nx_migrator": database.migrator_url,
    }
    url: str = by_role[role]
    return url


@contextmanager
def session(database: Any, role: str) -> Iterator[Connection]:
    with psycopg.connect(address(database, role)) as connection:
        yield connection
        connection.rollback()


def outcome(connection: Connection, statement: str) -> str:
    """What comes of a statement, undone again."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(statement)  # type: ignore[arg-type]
    except errors.InsufficientPrivilege:
        return "refused"
    except psycopg.Error as error:
        return f"tried ({type(error).__name__})"
    return "done"


def attempts(connection: Connection, table: str) -> dict[str, str]:
    """A statement for each verb that needs no right but that one."""
    row = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND NOT attisdropped AND attidentity = '' AND attgenerated = '' ORDER BY attnum LIMIT 1",
        [table],
    ).fetchone()
    column = row[0] if row else "none"
    return {
        "SELECT": f"SELECT count(*) FROM {table}",
        "INSERT": f"INSERT INTO {table} DEFAULT VALUES",
        "UPDATE": f"UPDATE {table} SET {column} = DEFAULT",
        "DELETE": f"DELETE FROM {table}",
        "TRUNCATE": f"TRUNCATE {table}",
    }


@pytest.mark.parametrize("role", SERVING)
def test_every_verb_on_every_table_is_as_declared(
    app: Flask, as_admin: Any, granted: tuple[list[Thing], Rights], role: str
) -> None:
    things, declared = granted
    for thing in things:
        if thing.kind != "table":
            continue
        should = declared.get((thing, role), set())
        may = {
            verb
            for verb in VERBS
            if as_admin.execute(
                "SELECT has_table_privilege(%s, %s, %s)", [role, thing.name, verb]
            ).fetchone()[0]
        }
        assert may == {right for right in should if "(" not in right}, thing.name
        for right in should:
            if "(" in right:
                verb, column = right.removesuffix(")").split(" (")
                columns = as_admin.execute(
                    "SELECT array_agg(attname::text) FROM pg_attribute"
                    " WHERE attrelid = %s::text::regclass AND attnum > 0 AND NOT attisdropped"
                    " AND has_column_privilege(%s, attrelid, attnum, %s)",
                    [thing.name, role, verb],
                ).fetchone()[0]
                assert column in columns


@pytest.mark.parametrize("role", SERVING)
def test_what_is_not_granted_is_refused_when_it_is_tried(
    database: Any, granted: tuple[list[Thing], Rights], tables: list[str], role: str
) -> None:
    _, declared = granted
    tried = 0
    with session(database, role) as connection:
        for table in tables:
            held = declared.get((Thing("table", table), role), set())
            for verb, statement in attempts(connection, table).items():
                if not any(right.split(" ")[0] == verb for right in held):
                    assert outcome(connection, statement) == "refused", statement
                    tried += 1
    assert tried > len(tables)


@pytest.mark.parametrize("role", SERVING)
def test_what_is_granted_is_not_refused(
    database: Any, granted: tuple[list[Thing], Rights], tables: list[str], role: str
) -> None:
    """So that the refusals above are refusals of the verb, not of the schema or the session."""
    _, declared = granted
    with session(database, role) as connection:
        for table in tables:
            held = declared.get((Thing("table", table), role), set())
            for verb, statement in attempts(connection, table).items():
                # Without a business every policy refuses a new row, with the same code.
                if verb in held and verb != "INSERT":
                    assert outcome(connection, statement) != "refused", statement


def test_history_and_books_are_only_added_to(granted: tuple[list[Thing], Rights]) -> None:
    _, declared = granted
    for table in APPEND_ONLY:
        for role in SERVING:
            assert declared[Thing("table", f"nx.{table}"), role] == {"SELECT", "INSERT"}


def test_nobody_who_serves_may_empty_or_reference_a_table(
    granted: tuple[list[Thing], Rights],
) -> None:
    _, declared = granted
    for (thing, role), held in declared.items():
        if thing.kind == "table" and role in SERVING:
            plain = {right.split(" ")[0] for right in held}
            assert plain <= {"SELECT", "INSERT", "UPDATE", "DELETE"}, thing.name


def test_application_and_worker_may_do_the_same(granted: tuple[list[Thing], Rights]) -> None:
    _, declared = granted
    app = {thing: held for (thing, role), held in declared.items() if role == "nx_app"}
    worker = {thing: held for (thing, role), held in declared.items() if role == "nx_worker"}
    assert app == worker


def test_no_right_is_held_that_no_revision_grants(
    app: Flask, database: Any, granted: tuple[list[Thing], Rights]
) -> None:
    engine = create_engine(with_driver(database.migrator_url), poolclass=NullPool)
    with engine.connect() as connection:
        assert rights.held(connection) == granted[1]


@pytest.mark.parametrize("role", SERVING)
def test_sequences_are_used_only_where_rows_are_put_in(
    app: Flask, as_admin: Any, granted: tuple[list[Thing], Rights], role: str
) -> None:
    things, declared = granted
    for thing in things:
        if thing.kind == "sequence":
            may = {
                right
                for right in ("USAGE", "SELECT", "UPDATE")
                if as_admin.execute(
                    "SELECT has_sequence_privilege(%s, %s, %s)", [role, thing.name, right]
                ).fetchone()[0]
            }
            assert may == declared.get((thing, role), set()), thing.name


DDL = (
    "CREATE TABLE nx.mine (a int)",
    "CREATE TABLE jobs.mine (a int)",
    "CREATE TABLE public.mine (a int)",
    "CREATE SCHEMA mine",
    "CREATE FUNCTION nx.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE VIEW nx.mine AS SELECT 1",
    "CREATE TYPE nx.mine AS ENUM ('a')",
    "CREATE EXTENSION file_fdw",
    "CREATE ROLE mine",
    "CREATE INDEX mine ON nx.rewards (name)",
    "CREATE POLICY mine ON nx.rewards USING (true)",
    "CREATE TRIGGER mine BEFORE INSERT ON nx.rewards"
    " FOR EACH ROW EXECUTE FUNCTION nx.refuse_change()",
    "ALTER TABLE nx.rewards DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE nx.rewards NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE nx.rewards DROP COLUMN name",
    "ALTER TABLE nx.point_transactions DISABLE TRIGGER ALL",
    "ALTER POLICY tenant ON nx.rewards USING (true)",
    "DROP POLICY tenant ON nx.rewards",
    "DROP TABLE nx.rewards",
    "DROP INDEX nx.uq_locations_name",
    "DROP FUNCTION nx.door_front(text)",
    "ALTER FUNCTION nx.door_front(text) OWNER TO CURRENT_USER",
    "CREATE OR REPLACE FUNCTION nx.door_invited_to(p_token_hash text) RETURNS text"
    " LANGUAGE sql AS 'SELECT ''me'''",
    "UPDATE nx.alembic_version SET version_num = 'mine'",
    "GRANT nx_owner TO CURRENT_USER",
    "GRANT pg_read_all_data TO CURRENT_USER",
    "ALTER ROLE CURRENT_USER BYPASSRLS",
    "ALTER ROLE CURRENT_USER SUPERUSER",
    "SET SESSION AUTHORIZATION nx_migrator",
    "SET session_replication_role TO replica",
    "SELECT set_config('app.business_id', 'mine', true)",
    "SELECT pg_read_file('/etc/passwd')",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY (SELECT 1) TO '/tmp/mine'",
    "SELECT lo_export(1, '/tmp/mine')",
)


@pytest.mark.parametrize("role", SERVING)
@pytest.mark.parametrize("statement", DDL)
def test_those_who_serve_may_not(app: Flask, database: Any, role: str, statement: str) -> None:
    with session(database, role) as connection:
        assert outcome(connection, statement) == "refused"


@pytest.mark.parametrize("role", [*SERVING, "nx_migrator"])
def test_nobody_of_ours_makes_databases(app: Flask, database: Any, role: str) -> None:
    with (
        psycopg.connect(address(database, role), autocommit=True) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE DATABASE mine")


@pytest.mark.parametrize("role", SERVING)
def test_those_who_serve_can_be_nobody_else(app: Flask, database: Any, role: str) -> None:
    others = [other for other in (*made.ATTRIBUTES, "postgres") if other != role]
    with session(database, role) as connection:
        for other in others:
            assert outcome(connection, f"SET ROLE {other}") == "refused"


@pytest.mark.parametrize("role", SERVING)
def test_rows_are_not_seen_by_switching_policies_off(app: Flask, database: Any, role: str) -> None:
    with session(database, role) as connection:
        connection.execute("SET row_security TO off")
        assert outcome(connection, "SELECT count(*) FROM nx.customers") == "refused"


@pytest.mark.parametrize("role", [*SERVING, "nx_doors"])
def test_functions_that_run_as_their_owner_are_called_only_by_whom_they_are_for(
    app: Flask, as_admin: Any, granted: tuple[list[Thing], Rights], role: str
) -> None:
    """The others do no more than their caller may, so everybody may call them."""
    things, declared = granted
    tried = 0
    for thing in things:
        if thing.kind != "function":
            continue
        runs_as_owner, owner, may = as_admin.execute(
            "SELECT prosecdef, pg_get_userbyid(proowner),"
            " has_function_privilege(%s, oid, 'EXECUTE')"
            " FROM pg_proc WHERE oid = %s::text::regprocedure",
            [role, thing.name],
        ).fetchone()
        if runs_as_owner and owner != role:
            assert may == ("EXECUTE" in declared.get((thing, role), set())), thing.name
            tried += 1
    assert tried == (0 if role == "nx_doors" else len(DOORS))


def test_doors_can_be_gone_through_and_not_listened_at(app: Flask, as_admin: Any) -> None:
    """Who is no role of ours may neither call a door nor look into the schemas."""
    as_admin.execute("CREATE ROLE passer_by")
    try:
        as_admin.execute("SET ROLE passer_by")
        for statement in (
            "SELECT * FROM nx.door_business_ids('', 10)",
            "SELECT * FROM nx.users",
            "SELECT * FROM jobs.procrastinate_jobs",
        ):
            with pytest.raises(errors.InsufficientPrivilege):
                as_admin.execute(statement)
    finally:
        as_admin.execute("RESET ROLE")
        as_admin.execute("DROP ROLE passer_by")


DOORS = {
    "nx.door_enter": "('nobody', 'none')",
    "nx.door_places_of": "('nobody')",
    "nx.door_front": "('none')",
    "nx.door_invited_to": "('none')",
    "nx.door_business_ids": "('', 10)",
}


def test_the_doors_read_nothing_that_they_do_not_need(
    app: Flask, as_admin: Any, granted: tuple[list[Thing], Rights]
) -> None:
    """Take any one of their rights away, and a door stays shut."""
    _, declared = granted
    held = [
        (thing, right)
        for (thing, role), all_ in declared.items()
        if role == "nx_doors"
        for right in sorted(all_)
    ]
    assert {right.split(" ")[0] for _, right in held} == {"SELECT"}
    assert doors_that_open(as_admin) == set(DOORS)
    for thing, right in held:
        with as_admin.transaction(force_rollback=True):
            as_admin.execute(f"REVOKE {right} ON {thing.name} FROM nx_doors")
            assert doors_that_open(as_admin) < set(DOORS), (thing, right)


def test_the_doors_know_no_secrets(app: Flask, as_admin: Any) -> None:
    for column in ("password_hash", "failed_sign_ins", "locked_until"):
        (may,) = as_admin.execute(
            "SELECT has_column_privilege('nx_doors', 'nx.users', %s, 'SELECT')", [column]
        ).fetchone()
        assert not may, column


def doors_that_open(as_admin: Any) -> set[str]:
    found = set()
    for door, arguments in DOORS.items():
        with suppress(errors.InsufficientPrivilege), as_admin.transaction():
            as_admin.execute(f"SELECT * FROM {door}{arguments}")
            found.add(door)
    return found


@pytest.mark.parametrize("role", ["nx_owner", "nx_doors"])
def test_owner_and_doors_cannot_sign_in(
    app: Flask, as_admin: Any, database: Any, role: str
) -> None:
    (can,) = as_admin.execute(
        "SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [role]
    ).fetchone()
    assert not can
    parts = urlsplit(database.app_url)
    netloc = parts.netloc.replace("nx_app:", f"{role}:")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(urlunsplit(parts._replace(netloc=netloc)))


def test_the_migrator_is_no_superuser(app: Flask, database: Any) -> None:
    with session(database, "nx_migrator") as connection:
        row = connection.execute(
            "SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
            " FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        assert row == (False, False, False, False, True)
        for statement in (
            "CREATE ROLE mine",
            "ALTER ROLE nx_app BYPASSRLS",
            "ALTER ROLE nx_migrator SUPERUSER",
            "SET session_replication_role TO replica",
            "SELECT pg_read_file('/etc/passwd')",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SET ROLE nx_app",
        ):
            assert outcome(connection, statement) == "refused", statement


def test_the_migrator_sees_who_holds_a_lock(app: Flask, database: Any) -> None:
    """Other sessions' state is hidden from a role that may not read it."""
    with session(database, "nx_app") as other, session(database, "nx_migrator") as migrator:
        other.execute("SELECT 1")
        row = migrator.execute(
            "SELECT state, xact_start IS NOT NULL FROM pg_stat_activity WHERE pid = %s",
            [other.info.backend_pid],
        ).fetchone()
        assert row == ("idle in transaction", True)


def test_nobody_but_the_migrator_sees_all_rows(app: Flask, database: Any, as_admin: Any) -> None:
    for _ in range(2):
        make_customer(app, make_shop(app))
    kept = [table.name for table in Base.metadata.sorted_tables if table.name not in OPEN_TABLES]
    everything = {name: count(as_admin, name) for name in kept}
    assert everything["customers"] == 2
    with session(database, "nx_migrator") as migrator:
        assert {name: count(migrator, name) for name in kept} == everything
        migrator.execute("SET row_security TO on")
        migrator.execute("SET ROLE nx_owner")
        assert {count(migrator, name) for name in kept} == {0}
    for role in SERVING:
        with session(database, role) as serving:
            assert {count(serving, name) for name in kept} == {0}


def count(connection: Any, table: str) -> int:
    (number,) = connection.execute(f"SELECT count(*) FROM nx.{table}").fetchone()
    return int(number)


def test_grants_are_read_as_a_revision_writes_them() -> None:
    book = rights._Book()
    script = """
        CREATE FUNCTION f() RETURNS trigger AS $x$ BEGIN GRANT ALL ON a TO b; END $x$;
        GRANT SELECT, INSERT ON shelves TO nx_app, nx_worker;
        GRANT SELECT (a, b), UPDATE(c) ON TABLE nx.books TO nx_app;  -- GRANT ALL ON x TO y;
        GRANT EXECUTE ON FUNCTION lend(text, int) TO nx_app;
        GRANT USAGE ON ALL SEQUENCES IN SCHEMA jobs TO nx_worker;
        GRANT SELECT ON lost, found TO nx_doors;
        REVOKE INSERT ON shelves FROM nx_worker;
        ALTER TABLE books DROP COLUMN IF EXISTS b;
        ALTER TABLE shelves RENAME TO boards;
        DROP TABLE IF EXISTS lost CASCADE;
    """
    for statement in statements(script):
        book.note(statement)
    assert book.rights == {
        (Thing("table", "nx.boards"), "nx_app"): {"SELECT", "INSERT"},
        (Thing("table", "nx.boards"), "nx_worker"): {"SELECT"},
        (Thing("table", "nx.books"), "nx_app"): {"SELECT (a)", "UPDATE (c)"},
        (Thing("function", "nx.lend(text, int)"), "nx_app"): {"EXECUTE"},
        (Thing("sequence", "jobs.*"), "nx_worker"): {"USAGE"},
        (Thing("table", "nx.found"), "nx_doors"): {"SELECT"},
    }
