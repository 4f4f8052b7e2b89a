"""I2: an undo takes little at a time, as the worker's own role, and the counter goes on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Connection

from nxloy_web import create_app, worker
from nxloy_web.db import db
from nxloy_web.imports.undo import STEP
from nxloy_web.tables.imports import ImportState
from tests.conftest import Database
from tests.factories import as_role, make_shop
from tests.imports import steps

HARMLESS = {"AccessShareLock", "RowShareLock", "RowExclusiveLock"}
ROWS_LOCKED = """
    SELECT (SELECT count(*) FROM {table}) - count(*)
    FROM (SELECT id FROM {table} FOR UPDATE SKIP LOCKED) AS free
"""
LOCKS = """
    SELECT DISTINCT relation::regclass::text, mode FROM pg_locks
    JOIN pg_class ON pg_class.oid = relation
    WHERE pid = %s AND granted AND relnamespace = 'nx'::regnamespace
"""
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest.fixture
def worker_app(database: Database, tmp_path: Path) -> Iterator[Flask]:
    """The application as a worker's process has it."""
    made = create_app(database.config(tmp_path) | {"PROCESS_KIND": "worker"})
    yield made
    with made.app_context():
        for engine in db.engines.values():
            engine.dispose()


def test_no_step_of_an_undo_locks_more_than_its_bound(
    app: Flask, worker_app: Flask, as_admin: psycopg.Connection[Any]
) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    # Few people with many purchases, then many with few: the bound is in what is touched.
    bought = [f"{who},{n}" for who in range(2) for n in range(STEP + 50)]
    bought += [f"{who},{n}" for who in range(2, STEP + 150) for n in range(2)]
    people = "id,email\n" + "".join(f"{who},p{who}@example.com\n" for who in range(STEP + 150))
    steps.bring_in(app, client, shop, people.encode())
    lines = (
        f"{who},2026-0{int(n) % 9 + 1}-{int(n) % 28 + 1:02},{int(n) % 7 + 1}.00\n"
        for who, n in (one.split(",") for one in bought)
    )
    content = "customer_id,date,amount\n" + "".join(lines)
    run = steps.bring_in(app, client, shop, content.encode(), "PURCHASES")
    assert run.created_rows == len(bought)
    steps.press_button(app, shop, run.id, "Undo this import")

    seen: list[tuple[int, int]] = []

    def look(connection: Connection) -> None:
        (pid, role) = connection.exec_driver_sql("SELECT pg_backend_pid(), current_user").one()
        assert role == "nx_worker"
        (waiting,) = as_admin.execute(WAITING).fetchone() or ()
        assert waiting == 0
        modes = {mode for _table, mode in as_admin.execute(LOCKS, [pid]).fetchall()}
        assert modes <= HARMLESS
        rows = [
            (as_admin.execute(ROWS_LOCKED.format(table=table)).fetchone() or (0,))[0]
            for table in ("customer_balances", "purchases")
        ]
        seen.append((rows[0], rows[1]))

    with worker_app.app_context():
        engine = db.engine
    event.listen(engine, "commit", look)
    worker.run_until_idle(worker_app)
    assert steps.run_of(app, shop, run.id).state is ImportState.UNDONE
    assert max(people for people, _bought in seen) <= STEP
    assert max(bought for _people, bought in seen) <= STEP
    assert len([one for one in seen if one[1]]) >= len(bought) / STEP
