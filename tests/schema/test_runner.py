"""The runner of data migrations beside others: a second runner, a second deployer, somebody who
pauses it, a row that breaks it, and people who hold its rows."""

import json
import random
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from nxloy_web.schema import batches, gate, runner
from nxloy_web.schema.data import DataMigration
from nxloy_web.schema.locking import PATIENCE
from nxloy_web.schema.refusals import Refused
from nxloy_web.schema.runner import State
from tests.schema import killing
from tests.schema.conftest import At
from tests.schema.walking import HASTY, Walk, revision_module

NAME, ROWS = "copy_points_to_balance", 3_000
MIGRATION: DataMigration = revision_module(NAME).MIGRATION


@pytest.fixture
def expanded(at: At, monkeypatch: pytest.MonkeyPatch) -> Walk:
    """Customers whose points are to be copied, in batches of a hundred."""
    for size in ("FIRST_BATCH", "SMALLEST", "LARGEST"):
        monkeypatch.setattr(batches, size, 100)
    walk = at("index_customer_names")
    _move_in(walk, ROWS)
    walk.up("add_points_balance_column")
    return walk


def test_a_second_runner_is_told_who_is_at_it(
    expanded: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "GRACE", 0.3)
    with _paused(expanded), pytest.raises(Refused) as refusal:
        _run(expanded)
    assert "copy_points_to_balance is being run by process" in str(refusal.value)
    assert _run(expanded).rows_done == ROWS


def test_of_two_deployers_the_second_waits_and_finds_it_done(at: At) -> None:
    walk = at("index_customer_names")
    _move_in(walk, 500)
    upgrade = ("db", "upgrade", "remove_points_column")
    with killing.Command(walk, upgrade) as one, killing.Command(walk, upgrade) as other:
        ends = [one.ended(), other.ended()]
    assert [status for status, _ in ends] == [0, 0], ends
    assert sum(said.count("-> remove_points_column") for _, said in ends) <= 1
    points = walk.table("customers", "points_balance")
    assert points == {id_: int(id_[1:]) % 50 for id_ in points}


def test_the_application_may_pause_it_and_let_it_go_on(expanded: Walk) -> None:
    with _paused(expanded) as (stands_at, go_on):
        time.sleep(batches.PAUSED_REST + 0.1)
        assert 0 < stands_at == _done(expanded) < ROWS
        go_on()
    assert _done(expanded) == ROWS
    assert expanded.table("data_migrations", "status", key="name")[NAME] == "DONE"


def test_it_is_not_finished_because_the_application_says_so(expanded: Walk) -> None:
    """It may set the status, to pause; the contract would drop what was not copied yet."""

    def lie(state: State) -> None:
        if state.batches == 3:
            _turn(expanded, "DONE")
            (contract,) = (r for r in expanded.revisions if r.id == "remove_points_column")
            assert "not finished" in str(gate.why_not(expanded.migrator, contract))
            expanded.migrator.rollback()

    assert _run(expanded, lie).rows_done == ROWS
    assert expanded.rows("SELECT id FROM customers WHERE points_balance IS NULL") == []


def test_rows_that_cannot_be_done_are_reported_and_the_rest_goes_on(expanded: Walk) -> None:
    """S6: the batch is halved down to the row; the contract waits for it."""
    killing.watch(expanded)
    _break(expanded, "c0001", "c0002", "c2015", "c3000")
    assert _run(expanded).rows_done == ROWS
    reports = expanded.reports(NAME)
    assert set(reports) == {"c0001", "c0002", "c2015", "c3000"}
    assert reports["c2015"] == ("WAITING", "it could not be done: no points for customer c2015")
    state = expanded.rows("SELECT * FROM data_migrations WHERE name = %s", NAME)[0]
    assert (state["status"], state["reported"]) == ("DONE", 4)
    filled = expanded.rows("SELECT count(*) AS n FROM customers WHERE points_balance >= 0")
    assert filled[0]["n"] == ROWS - 4
    assert set(map(len, killing.watched(expanded).values())) == {1}
    expanded.up("copy_points_to_balance")
    refused = expanded.command("schema", "contract", fails=True)
    assert "4 rows of copy_points_to_balance wait for a decision" in refused


def test_a_row_that_waits_is_tried_again_when_somebody_has_put_it_right(expanded: Walk) -> None:
    """S6: by its key, or all of them."""
    _break(expanded, "c0001", "c2015")
    refused = expanded.command("schema", "data", "run", fails=True)
    assert "2 rows of copy_points_to_balance could not be done" in refused
    report = ("schema", "report", NAME)
    assert f"{NAME}  waiting  customers shop1/c2015: it could not be done" in expanded.command(
        *report
    )
    still = expanded.command(*report, "--resolve", "shop1/c2015", fails=True)
    assert "shop1/c2015 still waits: no points for customer c2015" in still
    assert "No row shop1/c7 of" in expanded.command(*report, "--resolve", "shop1/c7", fails=True)
    assert "4 row(s)" not in expanded.command(*report).splitlines()[-1]
    expanded.run("DROP TRIGGER fails ON customers")
    assert "shop1/c2015 is done." in expanded.command(*report, "--resolve", "shop1/c2015")
    expanded.run("DELETE FROM customers WHERE id = 'c0001'")
    assert "is done" in expanded.command(*report, "--resolve", "all")
    assert "0 row(s)." in expanded.command(*report)
    assert (
        expanded.rows("SELECT id FROM customers WHERE points_balance IS DISTINCT FROM points") == []
    )
    expanded.up("remove_points_column")


def test_over_every_row_once_more_a_row_is_reported_once(expanded: Walk) -> None:
    """S6: `retry` of a finished one forgets what could not be done, and finds it again."""
    _break(expanded, "c0001")
    expanded.command("schema", "data", "run", fails=True)
    for _ in range(2):
        expanded.command("schema", "data", "retry", NAME, fails=True)
        assert set(expanded.reports(NAME)) == {"c0001"}
    expanded.run("DROP TRIGGER fails ON customers")
    expanded.command("schema", "data", "retry", NAME)
    assert expanded.reports(NAME) == {}


def test_with_too_many_such_rows_it_is_the_step_that_is_wrong(
    expanded: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S6, S7: it stops with a sentence, `status` says so, and `retry` goes on."""
    monkeypatch.setattr(batches, "MOST_FAILING", 2)
    _break(expanded, "c0500", "c0900", "c2015", "c2016", "c2017")
    said = expanded.command("schema", "data", "run", fails=True)
    assert "more than 2 rows cannot be done" in said
    assert f"`flask schema data retry {NAME}` goes on" in said
    done = _done(expanded)
    assert 0 < done < ROWS
    status = expanded.command("schema", "data", "status")
    assert re.search(r"failed since [-0-9]+ [:0-9]+ UTC: more than 2 rows cannot be done", status)
    expanded.run("DROP TRIGGER fails ON customers")
    assert "wait for a decision" in expanded.command(
        "db", "upgrade", "remove_points_column", fails=True
    )
    expanded.command("schema", "report", NAME, "--resolve", "all")
    assert _done(expanded) == ROWS


def test_a_step_that_is_wrong_itself_stops_at_once(expanded: Walk) -> None:
    """S6: an error that is not a row's leaves no row behind."""
    expanded.run("ALTER TABLE customers RENAME COLUMN points_balance TO gone")
    with pytest.raises(Refused) as refusal:
        _run(expanded)
    assert "copy_points_to_balance stopped: column" in str(refusal.value)
    assert expanded.reports(NAME) == {}


def test_status_says_whether_somebody_is_at_it(expanded: Walk) -> None:
    """S7: state, since when, and the process of the database, or nobody."""
    with _paused(expanded):
        status = expanded.command("schema", "data", "status")
        assert re.search(r"paused since \S+ \S+ UTC, process \d+ of the database is at it", status)
    assert "done since" in expanded.command("schema", "data", "status")
    expanded.run(
        "UPDATE data_migrations SET status = 'RUNNING', finished_at = NULL WHERE name = %s", NAME
    )
    status = expanded.command("schema", "data", "status")
    assert "nobody is at it: `flask schema data run` goes on" in status


def test_a_row_that_somebody_holds_is_given_up_on_and_the_holder_named(expanded: Walk) -> None:
    with _holding(expanded), _patience(HASTY), pytest.raises(Refused) as refusal:
        _run(expanded)
    sentence = str(refusal.value)
    assert sentence.startswith(
        "copy_points_to_balance stopped: rows of customers are held by a till (nx_app, process "
    )
    assert "retry copy_points_to_balance` goes on" in sentence
    done = _done(expanded)
    assert 0 < done < ROWS
    killing.watch(expanded)
    assert _run(expanded).rows_done == ROWS
    assert set(map(tuple, killing.watched(expanded).values())) == {("points_balance",)}


def test_a_row_that_is_held_for_a_while_only_delays_it(
    expanded: Walk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Smaller and smaller batches are tried, with rests for others between them."""
    monkeypatch.setattr(batches, "SMALLEST", 10)
    sizes: list[int] = []
    batch = batches._batch
    patience = replace(PATIENCE.get(), lock_ms=20, pause_s=0.02)
    with _patience(patience), _holding(expanded, "shop0", "c0002") as let_go:

        def noted(connection: Any, migration: DataMigration, size: int) -> Any:
            sizes.append(size)
            if size == 10:
                let_go()
            return batch(connection, migration, size)

        monkeypatch.setattr(batches, "_batch", noted)
        assert _run(expanded).rows_done == ROWS
    assert sizes[:5] == [100, 50, 25, 12, 10]
    assert expanded.rows("SELECT id FROM customers WHERE points_balance <> points") == []


def test_of_two_that_wait_for_each_other_the_batch_gives_way(expanded: Walk) -> None:
    """A till that writes two customers against the order of the batch is not the one to fail."""
    errors: list[str] = []
    stop = threading.Event()

    def till() -> None:
        chance = random.Random(1)
        with psycopg.connect(expanded.url("app"), autocommit=True) as connection:
            while not stop.is_set():
                first = chance.randrange(101, ROWS, 2)
                try:
                    with connection.transaction():
                        connection.execute("SET LOCAL app.business_id TO 'shop1'")
                        for id_ in (first, chance.randrange(1, first, 2)):
                            connection.execute(
                                "UPDATE customers SET points = points + 1 WHERE id = %s",
                                [f"c{id_:04}"],
                            )
                except psycopg.Error as error:
                    errors.append(str(error))

    thread = threading.Thread(target=till)
    thread.start()
    try:
        assert _run(expanded).rows_done == ROWS
    finally:
        stop.set()
        thread.join()
    assert errors == []
    assert expanded.rows("SELECT id FROM customers WHERE points_balance <> points") == []


def test_a_batch_reads_its_own_rows_alone(expanded: Walk) -> None:
    """Also in a business that holds most of the table, and where one business follows another."""
    expanded.run("ANALYZE customers")
    keys = [
        [row["business_id"], row["id"]]
        for row in expanded.rows("SELECT business_id, id FROM customers ORDER BY 1, 2")
    ]
    assert isinstance(MIGRATION.step, str)
    for start in (None, 99, 1_450, ROWS - 101):
        after, upto = (keys[start], keys[start + 100]) if start else (None, keys[99])
        span = MIGRATION.span(after, upto)
        statement = MIGRATION.step.replace("{span}", span.where)
        with psycopg.connect(expanded.url("migrator")) as connection:
            explained = connection.execute(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", span.parameters
            ).fetchone()
            connection.rollback()
        assert explained
        assert _rows_read(explained[0][0]["Plan"]) <= 100, json.dumps(explained[0], indent=1)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_batches_meet_every_row_once(at: At, columns: int) -> None:
    walk, chance = at("base"), random.Random(columns)
    key = ("a", "b", "c")[:columns]
    walk.run(f"CREATE TABLE public.things ({', '.join(f'{name} text' for name in key)})")
    keys = sorted({tuple(chance.choices("pqrs", k=1)[0] * chance.randint(1, 3) for _ in key)
                   for _ in range(60)})  # fmt: skip
    for row in keys:
        marks = ", ".join(["%s"] * columns)
        walk.run(f"INSERT INTO public.things VALUES ({marks})", *row)
    migration = DataMigration(name="x", table="things", key=key, step="", alias="t")
    ends = sorted([*chance.sample(range(len(keys)), min(8, len(keys))), len(keys) - 1])
    after: list[Any] | None = None
    met: list[tuple[Any, ...]] = []
    for end in dict.fromkeys(ends):
        span, rest = migration.span(after, list(keys[end])), migration.rest(after)
        for condition, upto in ((span, end + 1), (rest, len(keys))):
            found = walk.admin.execute(
                f"SELECT * FROM public.things t WHERE {condition.where}",  # type: ignore[arg-type]
                condition.parameters,
            ).fetchall()
            assert sorted(found) == keys[len(met) : upto]
        met += keys[len(met) : end + 1]
        after = list(keys[end])
    assert met == keys


def test_a_table_that_has_grown_is_looked_at_again(expanded: Walk) -> None:
    """Or its rows would be looked up by reading all of it."""
    expanded.run("INSERT INTO users (id, name, email, email_norm)"
                 " SELECT n, n, n, n FROM generate_series(1, 2000) n")  # fmt: skip
    expanded.run("SELECT pg_stat_force_next_flush()")
    expanded.run("SELECT 1")
    with psycopg.connect(expanded.url("migrator"), autocommit=True) as connection:
        runner._look_again(connection)
    known = expanded.rows("SELECT reltuples FROM pg_class WHERE oid = 'users'::regclass")
    assert known[0]["reltuples"] == 2000


def _run(walk: Walk, watch: Callable[[State], None] = lambda state: None) -> State:
    return runner.run(runner.address(walk.url("migrator")), MIGRATION, watch=watch)


def _break(walk: Walk, *ids: str) -> None:
    """From now on these customers cannot be written."""
    walk.run(
        "CREATE FUNCTION public.fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'no points for customer %', NEW.id; END $$"
    )
    those = ", ".join(f"'{id_}'" for id_ in ids)
    walk.run(
        "CREATE TRIGGER fails BEFORE UPDATE ON customers FOR EACH ROW"
        f" WHEN (NEW.id IN ({those})) EXECUTE FUNCTION public.fails()"
    )


@contextmanager
def _paused(walk: Walk) -> Iterator[tuple[int, Callable[[], None]]]:
    """It runs in a thread of its own, and the application has paused it; what is called at the
    end, or earlier, lets it go on."""
    few_are_done = threading.Event()

    def watch(state: State) -> None:
        if state.batches == 3:
            _turn(walk, "PAUSED")
            few_are_done.set()

    thread = threading.Thread(target=_run, args=(walk, watch))
    thread.start()
    try:
        assert few_are_done.wait(20)
        yield _done(walk), lambda: _turn(walk, "RUNNING")
    finally:
        _turn(walk, "RUNNING")
        thread.join()


def _turn(walk: Walk, status: str) -> None:
    with psycopg.connect(walk.url("app")) as connection:
        connection.execute(
            "UPDATE data_migrations SET status = %s WHERE name = %s AND status <> 'DONE'",
            [status, NAME],
        )


def _done(walk: Walk) -> int:
    with psycopg.connect(walk.url("app")) as connection:
        row = connection.execute(
            "SELECT rows_done FROM data_migrations WHERE name = %s", [NAME]
        ).fetchone()
    return int(row[0]) if row else 0


@contextmanager
def _holding(
    walk: Walk, business_id: str = "shop1", id_: str = "c1501"
) -> Iterator[Callable[[], None]]:
    """Somebody at work holds one customer; until the end, or until told to let go."""
    held = "SELECT id FROM customers WHERE business_id = %s AND id = %s FOR UPDATE"
    with psycopg.connect(walk.url("app"), application_name="a till") as till:
        till.execute(f"SET LOCAL app.business_id TO '{business_id}'")  # type: ignore[arg-type]
        assert till.execute(held, [business_id, id_]).fetchone() is not None
        yield till.rollback


@contextmanager
def _patience(patience: Any) -> Iterator[None]:
    token = PATIENCE.set(patience)
    try:
        yield
    finally:
        PATIENCE.reset(token)


def _rows_read(plan: dict[str, Any]) -> float:
    """The most rows that a part of the plan met."""
    here = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
    return max([here * plan["Actual Loops"], *map(_rows_read, plan.get("Plans", []))])


def _move_in(walk: Walk, count: int) -> None:
    for shop in (0, 1):
        walk.business(f"shop{shop}")
    walk.run(
        "INSERT INTO customers (business_id, id, email, email_norm, member_code, name_norm, points)"
        " SELECT 'shop' || n %% 2, 'c' || lpad(n::text, 4, '0'), n || '@x', n || '@x', 'M' || n, n,"
        " n %% 50 FROM generate_series(1, %s) n",
        count,
    )
