"""The doctor finds each illness, says what to do, and the healthy are healthy."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from flask import Flask
from flask_migrate import upgrade
from psycopg import errors, sql
from sqlalchemy.exc import DBAPIError

from nxloy_web import create_app
from nxloy_web.db.roles import LOGINS, create_roles
from nxloy_web.schema import golden, history
from nxloy_web.schema.doctor import Complaint, Examination, examine
from nxloy_web.schema.doctor.command import doctor_command
from nxloy_web.schema.doctor.examination import _connected
from tests.factories import make_customer, make_shop
from tests.schema.illnesses import ILLNESSES, Illness

SQL = re.compile(r"`((?:ALTER|CREATE|DROP|GRANT|REINDEX|REVOKE) [^`…]+)`")


@dataclass
class Ward:
    """One database for all illnesses, made anew after one that was not healed."""

    server: Any
    clone: Callable[[str], Any]
    lying: Any = None

    def admit(self) -> Any:
        self.lying = self.lying or self.clone("patient")
        return self.lying

    def discharge(self) -> None:
        self.lying = None
        with psycopg.connect(self.server.admin_url, autocommit=True) as admin:
            admin.execute("DROP DATABASE IF EXISTS patient WITH (FORCE)")


@pytest.fixture(scope="module")
def ward(server: Any, clone: Callable[[str], Any]) -> Iterator[Ward]:
    made = Ward(server, clone)
    yield made
    made.discharge()


@pytest.fixture
def patient(ward: Ward) -> Iterator[Any]:
    """A database that may be left ill."""
    yield ward.admit()
    ward.discharge()


def seen(app: Flask, database: Any) -> Examination:
    with app.app_context():
        return examine(database.migrator_url, database.app_url, database.worker_url)


def sentences(found: Examination, area: str | None = None) -> list[str]:
    return [c.sentence for c in found.complaints if area in (None, c.area)]


def run(url: str, *statements: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement)  # type: ignore[arg-type]


def test_the_healthy_have_no_complaints(app: Flask, database: Any) -> None:
    for _ in range(2):
        make_customer(app, make_shop(app))
    assert seen(app, database).complaints == []
    result = app.test_cli_runner().invoke(doctor_command)
    assert re.fullmatch(
        r"Everything is as it should be: \d+ tables, \d+ policies, 2 businesses checked\.\n",
        result.output,
    )
    assert result.exit_code == 0


@pytest.mark.parametrize("name", ILLNESSES)
def test_an_illness_is_named_and_its_advice_heals(
    app: Flask, ward: Ward, database: Any, name: str
) -> None:
    """S13 and its cousins."""
    illness, patient, is_well = ILLNESSES[name], ward.admit(), False
    try:
        make_ill(patient.admin_url, illness)
        complaints = seen(app, patient).complaints
        found = [c.sentence for c in complaints if c.area == illness.area]
        named = [sentence for sentence in found if illness.says in sentence]
        assert named, found
        assert "\n" not in named[0]
        advice = SQL.findall(named[0])
        assert bool(advice) is illness.advice_is_sql
        as_migrator = "as the migrator" in named[0]
        for statement in advice:
            run(patient.migrator_url if as_migrator else patient.admin_url, *statement.split("; "))
        if not advice:
            apply_cures(patient, complaints)
        left = sentences(seen(app, patient))
        if advice or (illness.area == "shape" and name not in HEALED_BY_HAND):
            assert illness.says not in " ".join(left)
        if illness.area == "shape" and not advice and name not in HEALED_BY_HAND:
            assert left == []
        is_well = not left
    finally:
        if not is_well:
            ward.discharge()
        run(database.admin_url, *(illness.cured_by or ()))


HEALED_BY_HAND = {"a type has a member too many"}
"""PostgreSQL takes no member of an enum away."""


def apply_cures(patient: Any, complaints: list[Complaint]) -> None:
    """What `flask schema doctor --sql` prints, by those whom the sentence names."""
    for complaint in complaints:
        url = patient.migrator_url if "the migrator" in complaint.sentence else patient.admin_url
        run(url, *complaint.cure)


def make_ill(url: str, illness: Illness) -> None:
    """A unique index over rows that are alike fails, and leaves what it leaves."""
    for cause in illness.causes:
        with suppress(errors.UniqueViolation):
            run(url, cause)


def test_a_setting_for_one_database_is_seen(app: Flask, patient: Any) -> None:
    run(patient.admin_url, "ALTER ROLE nx_worker IN DATABASE patient SET lock_timeout TO 0")
    found = sentences(seen(app, patient), "roles")
    assert found == [
        "nx_worker begins with lock_timeout = 0, not 5s: run `flask db-roles` as an administrator."
    ]


def test_what_waits_is_named_and_its_grants_are_no_mistake(app: Flask, patient: Any) -> None:
    """A step may have been cut short after some of its statements."""
    with app.app_context():
        before, last = [revision.id for revision in history.revisions()][-2:]
    with psycopg.connect(patient.admin_url, autocommit=True) as admin:
        admin.execute("UPDATE nx.alembic_version SET version_num = %s", [before])
    (complaint,) = seen(app, patient).complaints
    assert complaint.area == "history"
    assert f"The database is at {before}; 1 revision waits ({last})." in complaint.sentence
    assert "`flask schema plan`" in complaint.sentence


@pytest.fixture
def beginner(database: Any, tmp_path: Path) -> Iterator[tuple[Flask, Any]]:
    """A database that has only its roles, and an application on it."""
    urls = {
        f"{who}_url": urlunsplit(urlsplit(getattr(database, f"{who}_url"))._replace(path="/new"))
        for who in ("admin", "migrator", "app", "worker")
    }
    passwords = {who: urlsplit(urls[f"{who}_url"]).password or "" for who in LOGINS}
    create_roles(urls["admin_url"], passwords=passwords)
    made = replace(database, name="new", **urls)
    yield create_app(made.config(tmp_path)), made
    with psycopg.connect(database.admin_url, autocommit=True) as admin:
        admin.execute("DROP DATABASE new WITH (FORCE)")


def test_in_the_middle_of_a_change_nothing_but_the_rest_of_it_is_named(
    beginner: tuple[Flask, Any],
) -> None:
    """Triggers that keep columns equal, unproven rules, tables whose policy is still to come."""
    app, database = beginner
    with app.app_context():
        known = history.revisions()
        stops = [revision.id for revision in known if revision.phase == "data"]
        assert stops
        for stop in stops:
            upgrade(revision=stop)
            pending = [] if stop == known[-1].id else ["history"]
            assert [c.area for c in seen(app, database).complaints] == pending, stop


def test_books_that_do_not_add_up_are_counted_without_names(app: Flask, database: Any) -> None:
    shop, sound = make_shop(app), make_shop(app)
    make_customer(app, sound)
    customers = [make_customer(app, shop, "Ada Lovelace") for _ in range(4)]
    change = sql.SQL("UPDATE nx.customers SET purchase_count = {} WHERE business_id = {}")
    run(database.admin_url, change.format(7, shop.business_id))  # type: ignore[arg-type]
    try:
        (sentence,) = sentences(seen(app, database))
    finally:
        run(database.admin_url, change.format(0, shop.business_id))  # type: ignore[arg-type]
    assert f"In the business {shop.business_id} 4 answers to the question `customer`" in sentence
    assert sum(customer in sentence for customer in customers) == 3
    assert "and 1 more" in sentence
    assert "Ada" not in sentence
    assert "Lovelace" not in sentence


def test_the_command_prints_every_complaint_and_fails(app: Flask, database: Any) -> None:
    run(database.admin_url, "GRANT DELETE ON nx.rewards TO nx_app, nx_worker")
    result = app.test_cli_runner().invoke(doctor_command)
    run(database.admin_url, "REVOKE DELETE ON nx.rewards FROM nx_app, nx_worker")
    assert result.exit_code == 1
    first, second, _, last = result.output.splitlines()
    assert first.startswith("grants: nx_app has DELETE on nx.rewards")
    assert second.startswith("grants: nx_worker has DELETE on nx.rewards")
    assert last == "2 things are not as they should be."


def test_what_mends_the_shape_is_printed(app: Flask, database: Any) -> None:
    """With the complaints as remarks, so that all of it can be loaded."""
    rule = "ck_reward_redemptions_status_members"
    run(database.admin_url, f"ALTER TABLE nx.reward_redemptions DROP CONSTRAINT {rule}")
    printed = app.test_cli_runner().invoke(doctor_command, ["--sql"]).output
    remark, *statements = printed.split("\n\n")[0].splitlines()
    assert remark.startswith(f"-- shape: The rule {rule} of nx.reward_redemptions is not there")
    assert len(statements) == 2
    run(database.migrator_url, *statements)
    assert seen(app, database).complaints == []


def test_a_revision_without_a_golden_shape_is_named(
    app: Flask, database: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    golden.changes.cache_clear()
    monkeypatch.setattr(golden, "folder", lambda: tmp_path)
    assert sentences(seen(app, database)) == [
        "The revision base_tables has no golden shape: run `flask schema golden --write` and "
        "commit what it writes."
    ]


def test_an_address_of_another_role_is_named(app: Flask, database: Any) -> None:
    with app.app_context():
        found = examine(database.migrator_url, database.migrator_url, database.app_url)
    assert sentences(found, "roles")[0].startswith(
        "DATABASE_URL signs in as nx_migrator, not as nx_app"
    )
    assert any("nx_migrator bypasses row-level security" in s for s in sentences(found))
    assert any("WORKER_DATABASE_URL signs in as nx_app" in s for s in sentences(found))


def test_without_the_migrators_address_there_is_one_sentence(app: Flask, database: Any) -> None:
    with app.app_context():
        found = examine(None, database.app_url, database.worker_url)
    assert sentences(found) == ["MIGRATIONS_DATABASE_URL is not set: `flask db-roles` prints it."]


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/nothing", "no address at all"])
def test_a_database_out_of_reach_is_one_sentence(app: Flask, url: str) -> None:
    with app.app_context():
        found = examine(url, url, url)
    (sentence,) = sentences(found)
    assert sentence.startswith("The database of MIGRATIONS_DATABASE_URL cannot be reached (")
    assert sentence.endswith("): start it, or correct MIGRATIONS_DATABASE_URL.")


def test_an_application_that_cannot_sign_in_does_not_hide_the_rest(
    app: Flask, patient: Any
) -> None:
    run(patient.admin_url, "GRANT DELETE ON nx.rewards TO nx_app")
    with app.app_context():
        found = examine(patient.migrator_url, "postgresql://nobody@127.0.0.1:1/nothing")
    assert [complaint.area for complaint in found.complaints] == ["address", "grants"]


def test_the_doctor_cannot_change_anything(database: Any) -> None:
    with (
        _connected(database.migrator_url) as connection,
        pytest.raises(DBAPIError, match="read-only"),
    ):
        connection.exec_driver_sql("DELETE FROM nx.users")
