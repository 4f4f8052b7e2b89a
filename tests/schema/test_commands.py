"""An upgrade by hand, as the person at the terminal does it: plan, expand, data run, contract."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from click.testing import Result
from flask import Flask

from nxloy_web.db import embedded, roles
from nxloy_web.schema import history

Said = Callable[..., str]
BEFORE_RENAME = "add_customer_name_norm"


@pytest.fixture
def installation(
    server: embedded.EmbeddedServer, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[Flask]:
    """The application on a database with roles and nothing in it."""
    from nxloy_web import create_app

    name = request.node.name[:50]

    def here(url: str) -> str:
        return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))

    urls = {
        "migrator": server.migrator_url,
        "app": server.app_url,
        "worker": server.worker_url,
    }
    passwords = {who: urlsplit(url).password or "" for who, url in urls.items()}
    roles.create_roles(here(server.admin_url), passwords=passwords)
    app = create_app(
        {
            "SECRET_KEY": "only-for-tests",
            "DATABASE_URL": here(server.app_url),
            "MIGRATIONS_DATABASE_URL": here(server.migrator_url),
            "INSTANCE": str(tmp_path),
        }
    )
    yield app
    with psycopg.connect(server.admin_url, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture
def said(installation: Flask, caplog: pytest.LogCaptureFixture) -> Said:
    def run(command: str, *, fails: bool = False) -> str:
        return _said(installation, caplog, command, fails)

    return run


def _said(app: Flask, caplog: pytest.LogCaptureFixture, command: str, fails: bool) -> str:
    caplog.clear()
    with app.app_context():  # as the `flask` command enters it
        result: Result = app.test_cli_runner().invoke(args=command.split())
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert (result.exit_code != 0) is fails, result.output
    # Flask-Migrate says its errors by the log.
    return result.output + caplog.text


def ask(app: Flask, question: str) -> Any:
    with psycopg.connect(app.config["MIGRATIONS_DATABASE_URL"], autocommit=True) as connection:
        cursor = connection.execute(question)  # type: ignore[arg-type]
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_a_new_database_is_planned_and_made_at_once(installation: Flask, said: Said) -> None:
    plan = said("schema plan")
    assert "The database is at nothing yet." in plan
    assert "Next: `flask schema expand`." in plan
    assert "CREATE TABLE businesses" in said("schema plan --sql")
    said("db upgrade")
    plan = said("schema plan")
    assert "Nothing is pending." in plan
    assert said("schema expand") == "Nothing is pending.\n"
    assert "copy_points_to_balance" in said("schema data status")


def test_reset_and_apply_again(installation: Flask, said: Said) -> None:
    """The catalogue's step 4 of the launch, with rows in the way."""
    said("db upgrade")
    _a_customer(
        installation, "id, member_code, email_norm, email", "'1', 'C', 'a@b.example', 'a@b.example'"
    )
    for command in ("db downgrade base", "db downgrade base -x lossy=no"):
        assert "would lose what is in" in said(command, fails=True)
    said("db downgrade base -x lossy=yes")
    assert ask(installation, "SELECT to_regclass('nx.customers')") is None
    said("db upgrade")
    assert ask(installation, "SELECT count(*) FROM customers") == 0


def test_a_rename_walks_through_its_phases(installation: Flask, said: Said) -> None:
    said(f"db upgrade {BEFORE_RENAME}")
    said("schema data run")
    _a_customer(
        installation,
        "id, member_code, email_norm, email, points",
        "'1', 'C', 'a@b.example', 'a@b.example', 7",
    )

    plan = said("schema plan")
    assert "ACCESS EXCLUSIVE on customers (about 1 rows" in plan
    assert "after add_points_balance_column" in plan
    assert "Next is add_points_balance_column (expand)" in said("schema contract", fails=True)
    assert "Next: `flask schema data run`" in said("schema expand")
    assert "Next is copy_points_to_balance (data)" in said("schema contract", fails=True)
    said("db upgrade remove_points_column")  # the plain command runs the data on its way
    assert ask(installation, "SELECT points_balance FROM customers") == 7


def test_an_expand_is_undone_without_loss(installation: Flask, said: Said) -> None:
    said(f"db upgrade {BEFORE_RENAME}")
    said("schema data run")
    _a_customer(
        installation,
        "id, member_code, email_norm, email, points",
        "'1', 'C', 'a@b.example', 'a@b.example', 7",
    )
    assert "nothing to abort" in said("schema abort", fails=True)
    said("schema expand")
    ask(installation, "UPDATE customers SET points_balance = 9")
    assert "rename_points is undone" in said("schema abort")
    assert ask(installation, "SELECT points FROM customers") == 9
    said("schema expand")
    said("schema data run")
    assert "rename_points is undone" in said("schema abort")
    assert ask(installation, "SELECT points FROM customers") == 9
    assert ask(installation, "SELECT count(*) FROM data_migrations WHERE name LIKE 'copy_po%'") == 0


def test_a_contract_that_was_begun_is_not_aborted(installation: Flask, said: Said) -> None:
    said("db upgrade copy_points_to_balance")
    ask(installation, "COMMENT ON TABLE alembic_version IS 'remove_points_column'")
    refused = said("schema abort", fails=True)
    assert "remove_points_column was begun: finish it with `flask schema contract`." in refused
    assert "1 contract step(s) done." in said("schema contract")


def test_a_contract_waits_for_the_last_old_process(installation: Flask, said: Said) -> None:
    said("db upgrade copy_points_to_balance")
    url = installation.config["DATABASE_URL"]
    with psycopg.connect(url, application_name="nxloy/0.0.9/web"):
        plan = said("schema plan")
        assert "An older version of the application is still connected (nxloy/0.0.9/web)" in plan
        for command in ("schema contract", "db upgrade"):
            refused = said(command, fails=True)
            assert "nxloy/0.0.9/web" in refused
    said("schema contract")


def test_pausing_what_does_not_run_is_said(installation: Flask, said: Said) -> None:
    said("db upgrade copy_min_points")
    assert "is not queued or running" in said("schema data pause copy_min_points", fails=True)
    assert "is not paused" in said("schema data resume copy_min_points", fails=True)
    assert "There is no data migration" in said("schema data retry nothing", fails=True)
    said("schema data retry copy_min_points")
    said("db upgrade remove_min_points_column")
    refused = said("schema data retry copy_min_points", fails=True)
    assert "What copy_min_points filled from is gone: its contract has run." in refused


def test_a_paused_one_is_resumed(installation: Flask, said: Said) -> None:
    said("db upgrade copy_min_points")
    ask(installation, "UPDATE data_migrations SET status = 'RUNNING'")
    assert "waits after its batch" in said("schema data pause copy_min_points")
    assert "paused" in said("schema data status")
    assert "goes on" in said("schema data resume copy_min_points")


def test_the_report_names_rows_and_shows_them_on_request(installation: Flask, said: Said) -> None:
    said("db upgrade add_business_id_to_tiers")
    ask(installation, "INSERT INTO loyalty_tiers (id, name) VALUES ('lost', 'Gold')")
    said("schema data run")
    report = said("schema report populate_business_id_of_tiers")
    assert "set aside" in report
    assert "nobody knows whose tier it is" in report
    assert "Gold" not in report
    assert "Gold" in said("schema report --rows")


def test_without_an_address_there_is_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from nxloy_web import create_app

    without = create_app({"SECRET_KEY": "x", "INSTANCE": str(tmp_path)})
    assert "MIGRATIONS_DATABASE_URL is not set" in _said(without, caplog, "schema plan", True)


def test_what_cannot_be_done_is_one_sentence(said: Said) -> None:
    for command, sentence in {
        "report": "The database has no data_migration_reports yet",
        "report nothing": "There is no data migration nothing.",
        "data status": "The database has no data_migrations yet",
        "data pause copy_points_to_balance": "The database has no data_migrations yet",
        "data pause nothing": "There is no data migration nothing.",
        "data retry copy_points_to_balance": "The database has no data_migrations yet",
        "operator jo@harbour.example": "The database has no users yet",
        "lint docs": "There is no revision in docs.",
        "new-table users --one user": "There is a table users already.",
        'new-table gift_cards --one gift_card --app SELECT"': "--app takes some of",
    }.items():
        assert sentence in said(f"schema {command}", fails=True)
    assert "0 is not in the range" in said("schema --attempts 0 expand", fails=True)


def test_a_database_ahead_of_the_code_is_said(installation: Flask, said: Said) -> None:
    said("db upgrade add_team")
    ask(installation, "UPDATE alembic_version SET version_num = 'from_tomorrow'")
    refused = said("schema plan", fails=True)
    assert "from_tomorrow, which this version does not know of" in refused


def test_phases_stand_in_order_in_every_group(installation: Flask) -> None:
    order = [history.EXPAND, history.DATA, history.CONTRACT]
    with installation.app_context():
        groups: dict[str, list[int]] = {}
        for revision in history.revisions():
            groups.setdefault(revision.group, []).append(order.index(revision.phase))
    assert all(phases == sorted(phases) for phases in groups.values()), groups


def _a_customer(app: Flask, columns: str, values: str) -> None:
    ask(
        app,
        "INSERT INTO businesses (id, name, slug, timezone, currency)"
        " VALUES ('b', 'B', 'b', 'UTC', 'EUR')",
    )
    ask(app, f"INSERT INTO customers (business_id, {columns}) VALUES ('b', {values})")
