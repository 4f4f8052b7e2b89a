"""What each role is, what it is not, and how a wrong one is noticed."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from click.testing import CliRunner
from psycopg import errors

from nxloy_web.db import embedded, role_checks, roles
from nxloy_web.db.roles_command import roles_command

Connection = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def empty(server: embedded.EmbeddedServer) -> Iterator[dict[str, str]]:
    """A database with roles and schemas and nothing in them, as seen by each role."""
    urls = {
        "admin": server.admin_url,
        "migrator": server.migrator_url,
        "app": server.app_url,
        "worker": server.worker_url,
    }
    name = "only_roles"
    here = {who: urlunsplit(urlsplit(url)._replace(path=f"/{name}")) for who, url in urls.items()}
    passwords = {who: urlsplit(url).password or "" for who, url in urls.items()}
    roles.create_roles(here["admin"], passwords=passwords)
    with psycopg.connect(here["migrator"]) as connection:
        connection.execute(
            "CREATE TABLE things (business_id text, id text, PRIMARY KEY (business_id, id))"
        )
        connection.execute("ALTER TABLE things OWNER TO nx_owner")
        connection.execute("ALTER TABLE things ENABLE ROW LEVEL SECURITY")
        connection.execute("ALTER TABLE things FORCE ROW LEVEL SECURITY")
        connection.execute(
            "CREATE POLICY tenant ON things"
            " USING (business_id = current_setting('app.business_id', true))"
        )
        connection.execute("GRANT SELECT, INSERT ON things TO nx_app, nx_worker")
        connection.execute("INSERT INTO things VALUES ('a', '1'), ('b', '1')")
    yield here
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute("DROP DATABASE only_roles WITH (FORCE)")


@pytest.fixture
def as_app(empty: dict[str, str]) -> Iterator[Connection]:
    with psycopg.connect(empty["app"]) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def as_migrator(empty: dict[str, str]) -> Iterator[Connection]:
    with psycopg.connect(empty["migrator"]) as connection:
        yield connection
        connection.rollback()


def one(connection: Connection, question: str) -> Any:
    row = connection.execute(question).fetchone()  # type: ignore[arg-type]
    assert row is not None
    return row[0]


def test_the_application_sees_one_business_and_without_one_nothing(as_app: Connection) -> None:
    assert one(as_app, "SELECT count(*) FROM things") == 0
    as_app.execute("SET LOCAL app.business_id TO 'a'")
    assert one(as_app, "SELECT string_agg(business_id, '') FROM things") == "a"
    with pytest.raises(errors.InsufficientPrivilege):
        as_app.execute("INSERT INTO things VALUES ('b', '2')")


def test_the_application_cannot_enter_another_business_inside_a_statement(
    as_app: Connection,
) -> None:
    as_app.execute("SET LOCAL app.business_id TO 'a'")
    with pytest.raises(errors.InsufficientPrivilege, match="set_config"):
        as_app.execute("SELECT set_config('app.business_id', 'b', true)")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (a int)",
        "DROP TABLE things",
        "ALTER TABLE things DISABLE ROW LEVEL SECURITY",
        "DROP POLICY tenant ON things",
        "DELETE FROM things",
        "SET ROLE nx_owner",
        "SET ROLE nx_doors",
        "SET ROLE nx_migrator",
    ],
)
def test_the_application_may_not(as_app: Connection, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        as_app.execute(statement)  # type: ignore[arg-type]


def test_the_migrator_sees_everything(as_migrator: Connection) -> None:
    assert one(as_migrator, "SELECT count(*) FROM things") == 2
    assert one(as_migrator, "SHOW row_security") == "off"


def test_the_migrator_hands_tables_to_the_owner_and_doors_to_the_doors(
    as_migrator: Connection,
) -> None:
    as_migrator.execute("CREATE TABLE more (a int)")
    as_migrator.execute("ALTER TABLE more OWNER TO nx_owner")
    as_migrator.execute("ALTER TABLE more ADD b int")
    make = "CREATE OR REPLACE FUNCTION door() RETURNS int LANGUAGE sql AS 'SELECT 1'"
    as_migrator.execute(make)
    as_migrator.execute("ALTER FUNCTION door() OWNER TO nx_doors")
    as_migrator.execute(make)


def test_limits_differ_for_pages_and_jobs(empty: dict[str, str]) -> None:
    with psycopg.connect(empty["app"]) as app, psycopg.connect(empty["worker"]) as worker:
        assert one(app, "SHOW statement_timeout") == "15s"
        assert one(app, "SHOW idle_in_transaction_session_timeout") == "30s"
        assert one(worker, "SHOW statement_timeout") == "0"
        assert one(worker, "SHOW lock_timeout") == "5s"
        assert {one(app, "SHOW search_path"), one(worker, "SHOW search_path")} == {"nx, jobs"}


def test_the_right_role_has_no_problems(as_app: Connection) -> None:
    assert role_checks.check_role(as_app) == []


def test_wrong_roles_are_named(empty: dict[str, str], as_migrator: Connection) -> None:
    with psycopg.connect(empty["admin"]) as admin:
        assert "is a superuser" in role_checks.check_role(admin)[0]
    bypasses, owns = role_checks.check_role(as_migrator)
    assert "bypasses row-level security" in bypasses
    assert "owns tables (things)" in owns


def test_a_table_without_a_policy_is_named(empty: dict[str, str]) -> None:
    with psycopg.connect(empty["admin"], autocommit=True) as admin:
        admin.execute("CREATE TABLE nx.bare (business_id text)")
    try:
        with psycopg.connect(empty["app"]) as app:
            assert "no enforced policy: bare;" in role_checks.check_role(app)[0]
            assert role_checks.check_role(app, open_tables={"bare"}) == []
    finally:
        with psycopg.connect(empty["admin"], autocommit=True) as admin:
            admin.execute("DROP TABLE nx.bare")


def test_an_administrator_without_superuser_rights_can_set_up(
    server: embedded.EmbeddedServer,
) -> None:
    """As on a managed server; PostgreSQL 15 gives BYPASSRLS to superusers alone to give."""
    with psycopg.connect(server.admin_url, autocommit=True) as admin:
        admin.execute("CREATE ROLE boss LOGIN CREATEROLE BYPASSRLS PASSWORD 'secret'")
        admin.execute("CREATE DATABASE managed OWNER boss TEMPLATE template0")
        # In place of the ones that this server's superuser made:
        for role in roles.ATTRIBUTES:
            admin.execute(f"ALTER ROLE {role} RENAME TO kept_{role}")  # type: ignore[arg-type]
    place = roles.parse(server.admin_url) | {"user": "boss", "password": "secret"}
    url = roles.uri(place | {"dbname": "managed"})
    try:
        if server.binaries.major < 16:
            with pytest.raises(roles.RolesError, match="BYPASSRLS"):
                roles.create_roles(url)
            return
        urls = roles.create_roles(url)
        roles.create_roles(url)
        with psycopg.connect(urls.app) as app:
            assert role_checks.check_role(app) == []
        with psycopg.connect(urls.migrator) as migrator:
            migrator.execute("CREATE TABLE here (a int)")
            migrator.execute("ALTER TABLE here OWNER TO nx_owner")
    finally:
        with psycopg.connect(server.admin_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE managed WITH (FORCE)")
            for role in reversed(list(roles.ATTRIBUTES)):
                admin.execute(f"DROP ROLE IF EXISTS {role}")  # type: ignore[arg-type]
            for role in roles.ATTRIBUTES:
                admin.execute(f"ALTER ROLE kept_{role} RENAME TO {role}")  # type: ignore[arg-type]
            admin.execute("DROP ROLE boss")


@pytest.fixture
def of_this_server(server: embedded.EmbeddedServer) -> dict[str, str]:
    """The three addresses, as the environment of a process of this installation has them."""
    return {
        "DATABASE_URL": server.app_url,
        "MIGRATIONS_DATABASE_URL": server.migrator_url,
        "WORKER_DATABASE_URL": server.worker_url,
    }


@pytest.fixture
def with_old_passwords(server: embedded.EmbeddedServer) -> Iterator[None]:
    """Other tests sign in with the first passwords."""
    yield
    urls = {"migrator": server.migrator_url, "app": server.app_url, "worker": server.worker_url}
    passwords = {who: urlsplit(url).password or "" for who, url in urls.items()}
    roles.create_roles(server.admin_url, passwords=passwords)


def printed(arguments: list[str], environment: dict[str, str] | None = None) -> dict[str, str]:
    result = CliRunner(env=environment).invoke(roles_command, arguments)
    assert result.exit_code == 0, result.output
    return dict(line.split("=", 1) for line in result.stdout.splitlines())


def lets_in(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def test_roles_that_are_there_keep_their_passwords(
    server: embedded.EmbeddedServer, of_this_server: dict[str, str]
) -> None:
    """X1: preparing a database to restore into shut production out: roles are the server's."""
    place = urlunsplit(urlsplit(server.admin_url)._replace(path="/beside"))
    try:
        unknown = printed([place])
        assert [urlsplit(url).username for url in unknown.values()] == [
            "nx_app", "nx_migrator", "nx_worker",
        ]  # fmt: skip
        assert not any(lets_in(url) for url in unknown.values())
        assert all(lets_in(url) for url in of_this_server.values())
        known = printed([place], of_this_server)
        assert list(known) == list(of_this_server)
        assert all(lets_in(url) for url in known.values())
        assert {urlsplit(url).path for url in known.values()} == {"/beside"}
    finally:
        with psycopg.connect(server.admin_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE IF EXISTS beside WITH (FORCE)")


@pytest.mark.usefixtures("with_old_passwords")
def test_new_passwords_are_given_when_asked_for(
    server: embedded.EmbeddedServer, of_this_server: dict[str, str]
) -> None:
    new = printed([server.admin_url, "--new-passwords"], of_this_server)
    assert all(lets_in(url) for url in new.values())
    assert not any(lets_in(url) for url in of_this_server.values())
    with psycopg.connect(new["DATABASE_URL"]) as app:
        assert one(app, "SELECT current_user::text") == "nx_app"


@pytest.mark.usefixtures("with_old_passwords")
def test_new_passwords_are_refused_while_somebody_is_signed_in(
    server: embedded.EmbeddedServer, of_this_server: dict[str, str]
) -> None:
    """X1: in whichever database of the server."""
    with psycopg.connect(server.worker_url):
        result = CliRunner().invoke(roles_command, [server.admin_url, "--new-passwords"])
    assert result.exit_code == 1
    assert "1 of nx_worker in nxloy" in result.output
    assert "Traceback" not in result.output
    assert all(lets_in(url) for url in of_this_server.values())


def test_what_is_no_address_is_one_sentence() -> None:
    result = CliRunner().invoke(roles_command, ["my secret"])
    assert result.exit_code == 1
    assert "not a PostgreSQL address" in result.output
    assert "secret" not in result.output


def test_an_unreachable_server_is_one_sentence() -> None:
    with pytest.raises(roles.RolesError, match="cannot be reached"):
        roles.create_roles("postgresql://nobody@127.0.0.1:1/nothing")
