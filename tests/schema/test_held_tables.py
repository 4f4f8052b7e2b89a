"""Somebody holds a table while a step runs: it waits its bound, names the holder, and gives up; or
it does not need that table. Nobody queues behind it, and the next run finishes."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from nxloy_web.schema import locking
from nxloy_web.schema.history import DATA
from nxloy_web.schema.lint.bodies import compiled
from nxloy_web.schema.lint.sql import split
from nxloy_web.schema.lock_modes import EXCLUSIVE, NO_WRITES, locks_of
from nxloy_web.schema.refusals import Refused, TableBusy
from tests.schema.conftest import At
from tests.schema.shape import differences
from tests.schema.walking import HASTY, Walk

HOLDER = "the report at the till"


@contextmanager
def patience(patience: locking.Patience = HASTY) -> Iterator[None]:
    before = locking.PATIENCE.set(patience)
    try:
        yield
    finally:
        locking.PATIENCE.reset(before)


def test_every_step_passes_or_names_who_holds_its_tables(at: At) -> None:
    """All tables there are, held as a reader and as a writer holds them."""
    walk = at("base")
    busy = set()
    for revision in walk.revisions:
        for mode in ("ACCESS SHARE", "ROW EXCLUSIVE"):
            if _is_busy(walk, revision.id, mode):
                busy.add((revision.id, mode))
            elif mode == "ACCESS SHARE":
                walk.quickly(walk.before(revision.id))
        walk.quickly(revision.id)
    fresh = at("base")
    fresh.quickly(walk.revisions[-1].id)
    assert differences(fresh.shape(), walk.shape()) == []
    # Rows are moved beside readers and writers; tables are not changed beside them, and to refer
    # to a table stands in the way of its writers alone.
    data = {revision.id for revision in walk.revisions if revision.phase == DATA}
    assert not data & {name for name, _ in busy}
    assert ("add_points_balance_column", "ACCESS SHARE") in busy
    assert ("add_customer_segments", "ACCESS SHARE") not in busy
    assert ("add_customer_segments", "ROW EXCLUSIVE") in busy
    for revision in reversed(walk.revisions):
        _is_busy(walk, walk.before(revision.id), "ACCESS SHARE")
        walk.quickly(walk.before(revision.id))
    assert differences(at("base").shape(), walk.shape()) == []


def _is_busy(walk: Walk, to: str, mode: str) -> bool:
    """Whether the step gave up; then it must have said who is in its way."""
    with _held(walk, mode) as pid, patience():
        try:
            walk.quickly(to)
        except TableBusy as refused:
            sentence = str(refused)
            assert f"{HOLDER} (postgres, process {pid}, idle in transaction since" in sentence, to
            assert "run" in sentence.splitlines()[-1]
            assert "\n" not in sentence
            return True
        return False


def test_no_statement_asks_for_a_lock_that_stops_people_without_its_bound(at: At) -> None:
    """Of every statement that reaches the server, up and down the whole history."""
    walk = at("base")
    with patience(replace(HASTY, attempts=30, quiet_attempts=30)), _statements() as seen:
        walk.up()
        walk.down("base")
    strong = [one for one in seen if one.stops_people]
    assert len(strong) > 100
    unbound = [one for one in strong if one.bound_ms is None or one.bound_ms > HASTY.lock_ms]
    assert unbound == []
    beside = [one for one in seen if re.search("concurrently|validate constraint", one.text)]
    assert len(beside) > 40
    assert {one.bound_ms for one in beside} == {HASTY.quiet_lock_ms}


def test_who_comes_behind_a_waiting_step_gets_through(at: At) -> None:
    """With a plain ALTER TABLE the third session would stand behind it until the holder is gone."""
    walk = at("index_customer_names")
    with _held(walk, "ACCESS SHARE", "customers"), _reading_on(walk, "customers") as read:
        for _ in range(3):
            with (
                patience(),
                pytest.raises(TableBusy, match="The table customers is held by the report"),
            ):
                walk.up("add_points_balance_column")
            read()
    walk.up("add_points_balance_column")


def test_what_an_interrupted_index_left_is_built_anew(at: At) -> None:
    walk = at("add_soft_delete_to_customers")
    walk.stamp(walk.before("add_soft_delete_to_customers"))
    walk.run("DROP INDEX uq_customers_email_living")
    with (
        _held(walk, "ROW EXCLUSIVE", "customers"),
        patience(),
        pytest.raises(TableBusy, match="What was begun is finished by the same command"),
    ):
        walk.up("add_soft_delete_to_customers")
    left = walk.rows("SELECT indisvalid FROM pg_index WHERE NOT indisvalid")
    assert left == [{"indisvalid": False}]
    walk.up("add_soft_delete_to_customers")
    assert walk.rows("SELECT 1 FROM pg_index WHERE NOT indisvalid") == []


def test_a_batch_whose_rows_are_held_waits_and_goes_on(at: At) -> None:
    """The runner gives way, and whoever holds a row is never its victim. When the holder stays, the
    runner gives up with its name."""
    walk = at("index_customer_names")
    walk.business("b")
    walk.run(
        "INSERT INTO customers (business_id, id, email, email_norm, member_code, points)"
        " SELECT 'b', 'c' || n, n || '@example.com', n || '@example.com', 'M' || n, n"
        " FROM generate_series(1, 50) n"
    )
    walk.up("add_points_balance_column")
    with psycopg.connect(walk.url("app"), application_name=HOLDER) as holder:
        holder.execute("SET LOCAL app.business_id TO 'b'")
        holder.execute("UPDATE customers SET points = 700 WHERE id = 'c7'")
        with (
            patience(),
            pytest.raises(Refused, match=f"rows of customers are held by {HOLDER} "),
        ):
            walk.up("copy_points_to_balance")
        timer = threading.Timer(0.8, holder.commit)
        timer.start()
        with patience(replace(HASTY, attempts=600, longest_pause_s=0.05)):
            walk.up("copy_points_to_balance")
        timer.join()
    balances = walk.table("customers", "points_balance")
    assert balances == {f"c{n}": 700 if n == 7 else n for n in range(1, 51)}


@contextmanager
def _held(walk: Walk, mode: str, *tables: str) -> Iterator[int]:
    """A session that has used these tables (all, when none is named) and stays in its transaction;
    its process."""
    if not tables:
        found = walk.rows(
            "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace IN ('nx'::regnamespace, 'jobs'::regnamespace)"
            " AND relname <> 'alembic_version'"
        )
        tables = tuple(row["name"] for row in found)
    with psycopg.connect(walk.url("admin"), application_name=HOLDER) as holder:
        holder.execute("SET search_path = nx, jobs")
        if tables:
            names = sql.SQL(", ").join(sql.Identifier(*name.split(".")) for name in tables)
            lock = sql.SQL("LOCK TABLE {} IN {} MODE")
            holder.execute(lock.format(names, sql.SQL(mode)))  # type: ignore[arg-type]
        yield holder.info.backend_pid
        holder.rollback()


@contextmanager
def _reading_on(walk: Walk, table: str) -> Iterator[Any]:
    """A third session reads the table again and again; the value waits until it has read once
    more, and its transactions are short."""
    over, rounds = threading.Event(), threading.Semaphore(0)

    def read() -> None:
        with psycopg.connect(walk.url("app"), autocommit=True) as reader:
            while not over.is_set():
                reader.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table)))
                rounds.release()

    def once_more() -> None:
        while rounds.acquire(blocking=False):
            pass
        assert rounds.acquire(timeout=30), "the reader stands in a queue"

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield once_more
    finally:
        over.set()
        thread.join()


class Seen:
    """A statement, and how long it may have waited for a lock."""

    def __init__(self, text: str, bound_ms: int | None) -> None:
        self.text, self.bound_ms = text, bound_ms
        self.stops_people = any(mode in (EXCLUSIVE, NO_WRITES) for _, mode in locks_of(text))

    def __repr__(self) -> str:
        return f"{self.bound_ms} ms: {self.text}"


@contextmanager
def _statements() -> Iterator[list[Seen]]:
    """Every statement of the migrating connections, with the lock_timeout that holds for it."""
    seen: list[Seen] = []
    bounds: dict[int, dict[str, int | None]] = {}

    def note(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        bound = bounds.setdefault(cursor.connection.info.backend_pid, {})
        for text, _ in split(compiled(statement)):
            found = re.match(r"set (local )?lock_timeout = '(\d+)ms'", text)
            if found:
                bound["local" if found[1] else "session"] = int(found[2])
            elif text == "reset lock_timeout":
                bound.pop("session", None)
            elif text in ("begin", "commit", "rollback"):
                bound.pop("local", None)
            seen.append(Seen(text, bound.get("local", bound.get("session"))))

    def over(connection: Connection) -> None:
        for bound in bounds.values():
            bound.pop("local", None)

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "commit", over)
    event.listen(Engine, "rollback", over)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
        event.remove(Engine, "commit", over)
        event.remove(Engine, "rollback", over)
