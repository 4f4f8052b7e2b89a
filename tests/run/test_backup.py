"""What docs/deploy.md says about backup and restore, done with real tools on a real database."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest

from nxloy_web.db import embedded, role_checks, roles
from nxloy_web.db.ids import new_id

SAFETY = {
    "policies": "SELECT tablename, policyname, qual, with_check FROM pg_policies"
    " WHERE schemaname = 'nx' ORDER BY 1, 2",
    "row security": "SELECT relname, relrowsecurity, relforcerowsecurity,"
    " pg_get_userbyid(relowner) FROM pg_class"
    " WHERE relnamespace = 'nx'::regnamespace AND relkind = 'r' ORDER BY 1",
    "grants": "SELECT table_schema, table_name, grantee, privilege_type"
    " FROM information_schema.role_table_grants"
    " WHERE table_schema IN ('nx', 'jobs') ORDER BY 1, 2, 3, 4",
    "functions": "SELECT proname, prosecdef, proconfig, pg_get_userbyid(proowner), proacl::text"
    " FROM pg_proc WHERE pronamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)"
    " ORDER BY 1, pronargs",
    "schemas": "SELECT nspname, pg_get_userbyid(nspowner) FROM pg_namespace"
    " WHERE nspname IN ('nx', 'jobs') ORDER BY 1",
}


@pytest.fixture
def restored(
    server: embedded.EmbeddedServer, database: Any, tmp_path: Path
) -> Iterator[Callable[[], dict[str, str]]]:
    """Dump the module's database as the migrator, restore into a new one as the migrator."""
    place = urlunsplit(urlsplit(server.admin_url)._replace(path="/restored"))

    def make() -> dict[str, str]:
        dump = tmp_path / "nxloy.dump"
        tool = server.binaries.folder
        run(tool / "pg_dump", "-Fc", "-n", "nx", "-n", "jobs", "-f", dump, database.migrator_url)
        passwords = {
            "migrator": urlsplit(server.migrator_url).password or "",
            "app": urlsplit(server.app_url).password or "",
            "worker": urlsplit(server.worker_url).password or "",
        }
        urls = roles.create_roles(place, passwords=passwords)
        listed = run(tool / "pg_restore", "-l", dump)
        chosen = tmp_path / "list"
        chosen.write_text("\n".join(line for line in listed.splitlines() if " SCHEMA " not in line))
        run(
            tool / "pg_restore", "--exit-on-error", "--single-transaction",
            "-L", chosen, "-d", urls.migrator, dump,
        )  # fmt: skip
        return {"admin": place, **urls._asdict()}

    yield make
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("DROP DATABASE IF EXISTS restored WITH (FORCE)")


def run(*command: object) -> str:
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def count_rows(connection: psycopg.Connection[Any]) -> dict[str, int]:
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'nx'")
    counts = {}
    for (name,) in tables.fetchall():
        row = connection.execute(f'SELECT count(*) FROM nx."{name}"').fetchone()  # type: ignore[arg-type]
        assert row is not None
        counts[name] = row[0]
    return counts


def test_a_restored_database_has_the_same_rows_and_the_same_protection(
    database: Any, as_admin: psycopg.Connection[Any], restored: Callable[[], dict[str, str]]
) -> None:
    for name in ("first", "second"):
        business = new_id()
        as_admin.execute(INSERT_BUSINESS, {"id": business, "name": name})
    urls = restored()
    with psycopg.connect(urls["admin"]) as copy:
        counted = count_rows(copy)
        assert counted == count_rows(as_admin)
        assert counted["businesses"] == 2
        for what, question in SAFETY.items():
            assert copy.execute(question).fetchall() == as_admin.execute(question).fetchall(), what
    with psycopg.connect(urls["app"]) as app:
        assert role_checks.check_rights(app) == []
        assert app.execute("SELECT count(*) FROM businesses").fetchone() == (0,)
        app.execute(f"SET LOCAL app.business_id TO '{business}'")
        assert app.execute("SELECT name FROM businesses").fetchone() == ("second",)


INSERT_BUSINESS = """
    INSERT INTO businesses (id, name, slug, timezone, currency)
    VALUES (%(id)s, %(name)s, %(name)s, 'Europe/Vienna', 'EUR')
"""
