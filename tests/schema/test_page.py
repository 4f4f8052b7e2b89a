"""The operator's page of schema changes."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient

from nxloy_web.permissions import Role
from nxloy_web.schema.operator_command import operator_command
from nxloy_web.schema.runner import LOCK_SPACE
from nxloy_web.version import VERSION
from tests.conftest import Database
from tests.factories import as_role, make_shop, make_user, sign_in

PAGE = "/operator/schema"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    client = app.test_client()
    sign_in(client, make_user(app, "Olu Adeyemi", is_operator=True))
    return client


@pytest.fixture
def state(as_admin: Any) -> Iterator[Any]:
    """Says how far data migrations are; afterwards the database is as it was."""
    kept = as_admin.execute("SELECT version_num FROM alembic_version").fetchone()
    names: list[str] = []

    def say(name: str, **facts: Any) -> None:
        names.append(name)
        as_admin.execute("DELETE FROM data_migrations WHERE name = %s", (name,))
        columns = ["name", *facts]
        as_admin.execute(
            f"INSERT INTO data_migrations ({', '.join(columns)}, started_at, updated_at)"
            f" VALUES ({', '.join(['%s'] * len(columns))}, now() - interval '10 s', now())",
            (name, *facts.values()),
        )

    yield say
    as_admin.execute("DELETE FROM data_migrations WHERE name = ANY(%s)", (names,))
    as_admin.execute("UPDATE alembic_version SET version_num = %s", kept)


@contextmanager
def connected(url: str, name: str, runs: str | None = None) -> Iterator[None]:
    """A session with this name, which may hold the lock of a data migration's runner."""
    with psycopg.connect(url, autocommit=True, application_name=name) as connection:
        if runs:
            connection.execute("SELECT pg_advisory_lock(%s::int, hashtext(%s))", (LOCK_SPACE, runs))
        pid = connection.info.backend_pid
        yield
    # The server takes leave a moment later.
    with psycopg.connect(url, autocommit=True) as other:
        while other.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
            time.sleep(0.01)


def status(as_admin: Any, name: str) -> str:
    row = as_admin.execute("SELECT status FROM data_migrations WHERE name = %s", (name,)).fetchone()
    return str(row[0])


def test_with_nothing_pending_it_says_so_and_asks_again_now_and_then(operator: FlaskClient) -> None:
    page = operator.get(PAGE).text
    assert "Up to date" in page
    assert "copy_points_to_balance" in page
    assert "What is pending" not in page
    assert 'hx-trigger="every 10s"' in page


def test_pending_steps_stand_under_their_phases_in_order(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    state("copy_points_to_balance", status="RUNNING")
    as_admin.execute("UPDATE alembic_version SET version_num = 'add_customer_name_norm'")
    page = operator.get(PAGE).text.split("What is pending")[1]
    places = [
        page.index(text)
        for text in (
            "Data · next",
            "flask schema data run",
            "index_customer_names",
            "flask schema expand",
            "add_points_balance_column",
            "flask schema data run",
            "flask schema contract",
            "remove_points_column",
            "The data migration copy_points_to_balance has to finish.",
        )
    ]
    assert places[0] == min(places)
    assert places[2] < places[3] < places[4] < places[6] < places[7] < places[8]


def test_a_database_ahead_of_this_version_is_no_error(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    as_admin.execute("UPDATE alembic_version SET version_num = 'from_tomorrow'")
    page = operator.get(PAGE).text
    assert "ahead of this version" in page
    assert "from_tomorrow" in page


def test_a_running_one_shows_how_far_it_is_and_asks_again(
    operator: FlaskClient, database: Database, state: Any
) -> None:
    facts = {"rows_done": 6000, "rows_total": 12000, "batches": 12, "worst_ms": 47, "reported": 3}
    state("slow_one", status="RUNNING", **facts)
    with connected(database.migrator_url, f"nxloy/{VERSION}/data", runs="slow_one"):
        page = operator.get(PAGE, headers=HTMX).text
    assert "<html" not in page
    assert "every 2s" in page
    assert '<progress value="6000" max="12000"' in page
    assert "6,000 of 12,000 (50%)" in page
    assert "<dt>Rows a second</dt><dd>600</dd>" in page
    assert ">in 10 sec" in page
    assert "47 ms" in page
    assert "3 rows" in page
    assert "Data runner" in page
    assert "No runner" not in page


def test_one_whose_command_has_died_says_so_instead_of_when_it_ends(
    operator: FlaskClient, state: Any
) -> None:
    state("left_one", status="RUNNING", rows_done=10, rows_total=100, batches=1)
    page = operator.get(PAGE).text
    assert "No runner" in page
    assert "flask schema data run" in page
    assert "<dt>Ready</dt>" not in page


def test_pausing_and_resuming_twice_is_harmless(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    state("slow_one", status="RUNNING", rows_total=10)
    for _ in range(2):
        answer = operator.post(f"{PAGE}/slow_one/pause", headers=HTMX)
        assert answer.status_code == 200
        assert answer.text.lstrip().startswith('<div id="schema"')
        assert "slow_one waits after its batch." in answer.text
        assert "Resume" in answer.text
        assert status(as_admin, "slow_one") == "PAUSED"
    for _ in range(2):
        answer = operator.post(f"{PAGE}/slow_one/resume")
        assert (answer.status_code, answer.location) == (303, PAGE)
        assert status(as_admin, "slow_one") == "RUNNING"
    assert "slow_one may go on." in operator.get(PAGE).text


def test_one_that_waits_for_its_command_can_be_paused(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    state("next_one", status="QUEUED")
    operator.post(f"{PAGE}/next_one/pause")
    assert status(as_admin, "next_one") == "PAUSED"


@pytest.mark.parametrize(
    ("ended", "sentence"), [("DONE", "has finished"), ("FAILED", "flask schema data retry")]
)
def test_what_has_ended_is_neither_paused_nor_resumed(
    operator: FlaskClient, as_admin: Any, state: Any, ended: str, sentence: str
) -> None:
    state("ended_one", status=ended)
    for what in ("pause", "resume"):
        answer = operator.post(f"{PAGE}/ended_one/{what}")
        assert (answer.status_code, sentence in answer.text) == (409, True)
        assert status(as_admin, "ended_one") == ended
        assert f"ended_one/{what}" not in operator.get(PAGE).text


def test_an_unknown_one_is_not_found(operator: FlaskClient) -> None:
    assert operator.post(f"{PAGE}/nobody/pause").status_code == 404


def test_a_failed_one_says_why_and_what_to_do(operator: FlaskClient, state: Any) -> None:
    state("bad_one", status="FAILED", error="its rows are held: <lock> timeout", rows_total=10)
    page = operator.get(PAGE).text
    assert "its rows are held: &lt;lock&gt; timeout" in page
    assert "flask schema data retry bad_one" in page


def test_of_the_report_only_the_count_is_shown(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    state("told_one", status="PAUSED", rows_done=5, rows_total=10, batches=1, reported=1)
    as_admin.execute(
        "INSERT INTO data_migration_reports (migration, table_name, row_key, outcome, reason, row)"
        """ VALUES ('told_one', 'customers', '{"id": "c1"}', 'WAITING', 'a name of one letter',"""
        """ '{"name": "Zebedee"}')"""
    )
    page = operator.get(PAGE).text
    assert "<dt>In the report</dt><dd>1 row</dd>" in page
    assert "Zebedee" not in page
    assert "one letter" not in page


def test_a_report_that_may_hold_a_contract_back_is_named(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    before = "SELECT reported FROM data_migrations WHERE name = 'split_customer_names'"
    assert as_admin.execute(before).fetchone() == (0,)
    tell = "UPDATE data_migrations SET reported = %s WHERE name = 'split_customer_names'"
    as_admin.execute(tell, (2,))
    as_admin.execute("UPDATE alembic_version SET version_num = 'split_customer_names'")
    page = operator.get(PAGE).text
    as_admin.execute(tell, (0,))
    assert "flask schema report split_customer_names" in page
    assert "split_customer_names has to finish" not in page


def test_it_is_not_finished_because_its_status_says_so(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    """The application may set the status; the gate goes by when the runner ended."""
    forget = "UPDATE data_migrations SET finished_at = %s WHERE name = 'split_customer_names'"
    as_admin.execute(forget, (None,))
    as_admin.execute("UPDATE alembic_version SET version_num = 'split_customer_names'")
    page = operator.get(PAGE).text
    as_admin.execute(forget, (datetime.now(UTC),))
    assert "split_customer_names has to finish" in page


def test_it_tells_who_is_connected_whatever_their_role(
    operator: FlaskClient, as_admin: Any, database: Database, state: Any
) -> None:
    as_admin.execute("UPDATE alembic_version SET version_num = 'add_customer_name_norm'")
    with (
        connected(database.worker_url, "nxloy/0.0.9/worker"),
        connected(database.migrator_url, "an old script"),
    ):
        page = operator.get(PAGE).text
    assert "version 0.0.9, too old: a pending contract needs" in page
    assert "Every connection has to be of version" in page
    assert "Other programs" in page
    assert "an old script" not in page
    assert "too old" not in operator.get(PAGE).text


def test_the_entry_of_the_menu_is_the_operators(app: Flask, as_admin: Any) -> None:
    shop = make_shop(app)
    owner = as_role(app, shop)
    for address in (shop.url("/"), "/places"):
        assert PAGE not in owner.get(address).text
    as_admin.execute("UPDATE users SET is_operator = true WHERE id = %s", (shop.owner_id,))
    for address in (shop.url("/"), "/places"):
        assert f'href="{PAGE}"' in owner.get(address).text
    by_code = app.test_client()
    sign_in(by_code, shop.owner_id, audience="portal")
    assert PAGE not in by_code.get("/places").text
    assert PAGE not in as_role(app, shop, Role.MANAGER).get(shop.url("/")).text


def test_the_command_makes_an_operator_and_takes_it_away(app: Flask, as_admin: Any) -> None:
    user_id = make_user(app, "Olu Adeyemi", "olu@example.com")
    client = app.test_client()
    sign_in(client, user_id)

    def run(*arguments: str) -> tuple[int, str]:
        with app.app_context():
            result = app.test_cli_runner().invoke(operator_command, list(arguments))
        return result.exit_code, result.output

    assert client.get(PAGE).status_code == 404
    for _ in range(2):
        code, said = run("Olu@Example.com ")
        assert (code, "Olu Adeyemi (olu@example.com) is an operator" in said) == (0, True)
    assert client.get(PAGE).status_code == 200
    assert run("olu@example.com", "--remove")[0] == 0
    assert client.get(PAGE).status_code == 404
    assert run("nobody@example.com") == (
        1,
        "Error: Nobody signs in with nobody@example.com. Let them sign up first, then run this"
        " again.\n",
    )
    assert "with an @" in run("olu")[1]


def test_it_says_what_to_type_and_the_way_back(
    operator: FlaskClient, as_admin: Any, state: Any
) -> None:
    """One next command, what it waits for, and one way back: as long as there is one."""
    state("copy_points_to_balance", status="RUNNING")
    as_admin.execute("UPDATE alembic_version SET version_num = 'copy_points_to_balance'")
    page = operator.get(PAGE).text.split("What to type")[1]
    assert page.index("The data migration copy_points_to_balance has to finish.") < page.index(
        "When that is so:"
    )
    assert "flask schema contract" in page
    assert "flask schema abort" in page
    as_admin.execute("COMMENT ON TABLE alembic_version IS 'remove_points_column'")
    page = operator.get(PAGE).text.split("What to type")[1]
    assert "flask schema abort" not in page
    assert "It was begun, so it can only be finished." in page
    as_admin.execute("COMMENT ON TABLE alembic_version IS NULL")


def test_it_says_which_versions_the_database_is_for(operator: FlaskClient, as_admin: Any) -> None:
    """S2: the floor that a contract has raised."""
    as_admin.execute("INSERT INTO application_floors VALUES ('remove_name', '0.0.2')")
    assert "The database is for version 0.0.2 or later" in operator.get(PAGE).text
    as_admin.execute("DELETE FROM application_floors")
    assert "The database is for version" not in operator.get(PAGE).text
