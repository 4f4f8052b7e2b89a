"""Undoing: by compensating entries, keys released, people who were touched since stay."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy import event, func, select, text

from nxloy_web import clock, worker
from nxloy_web.customers import service as customers
from nxloy_web.customers.facts import CustomerFacts
from nxloy_web.db import db
from nxloy_web.db.facts import facts_of
from nxloy_web.imports import undo
from nxloy_web.ledger.check import problems
from nxloy_web.tables.businesses import BusinessSettings
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportState
from nxloy_web.tables.points import CustomerBalance, PointTransaction, TransactionType
from nxloy_web.tables.purchases import Purchase
from tests.factories import Shop, as_role, inside, make_customer, make_shop
from tests.imports import steps
from tests.ledger.books import Kept

ROOT = Path(__file__).parents[2]
BOUGHT = b"customer_id,date,amount\n1,2026-01-02,12.00\n1,2026-02-02,30.00\n2,2026-01-02,5.00\n"


def balances(app: Flask, shop: Shop) -> list[tuple[int, int, int]]:
    with inside(app, shop):
        rows = db.session.execute(
            select(
                CustomerBalance.balance, CustomerBalance.spendable, CustomerBalance.lifetime_points
            ).order_by(CustomerBalance.balance.desc())
        )
        return [tuple(row) for row in rows]


def spend(app: Flask, shop: Shop, customer_id: str, points: int) -> None:
    with inside(app, shop):
        Kept(customer_id, shop.program_id).spend("spent", points, clock.now())
        db.session.commit()


def in_order(app: Flask, shop: Shop) -> bool:
    with app.app_context():
        return problems(shop.business_id) == []


def test_undoing_takes_everything_back_and_the_corrected_file_can_come_in(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    make_customer(app, shop, external_id="2")
    run = steps.bring_in(app, client, shop, BOUGHT, "PURCHASES")
    assert balances(app, shop) == [(42, 42, 42), (5, 5, 5)]
    undone = steps.undo(app, client, shop, run.id)
    assert undone.state is ImportState.UNDONE
    assert balances(app, shop) == [(0, 0, 0), (0, 0, 0)]
    with inside(app, shop):
        kinds = db.session.scalars(
            select(PointTransaction.type).where(PointTransaction.source_kind == "import_undone")
        ).all()
        assert kinds == [TransactionType.ADJUSTED] * 3
        bought = db.session.execute(
            select(
                func.sum(Customer.purchase_count),
                func.count().filter(Purchase.undone_at.is_(None)),
            ).join(Purchase, Purchase.customer_id == Customer.id)
        ).one()
        assert tuple(bought) == (0, 0)
    again = steps.bring_in(app, client, shop, BOUGHT.replace(b"5.00", b"9.00"), "PURCHASES")
    assert (again.created_rows, again.points) == (3, 51)
    assert in_order(app, shop)
    assert client.post(shop.url(f"/imports/{run.id}/undo")).status_code == 303  # pressed late
    assert balances(app, shop) == [(42, 42, 42), (9, 9, 9)]


def test_spent_points_stop_at_zero(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    ann = make_customer(app, shop, external_id="1")
    run = steps.bring_in(app, client, shop, BOUGHT, "PURCHASES")
    spend(app, shop, ann, 40)
    steps.undo(app, client, shop, run.id)
    assert balances(app, shop) == [(0, 0, 0)]
    assert in_order(app, shop)


def test_or_go_below_zero_when_the_business_says_so(app: Flask) -> None:
    shop = make_shop(app, settings=BusinessSettings(balance_may_go_negative=True))
    client = as_role(app, shop)
    ann = make_customer(app, shop, external_id="1")
    run = steps.bring_in(app, client, shop, BOUGHT, "PURCHASES")
    spend(app, shop, ann, 40)
    steps.undo(app, client, shop, run.id)
    assert balances(app, shop) == [(-40, 0, 0)]
    assert in_order(app, shop)


def test_undoing_customers_leaves_those_who_were_touched(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    people = b"id,email\n1,ann@example.com\n2,bo@example.com\n3,cy@example.com\n"
    run = steps.bring_in(app, client, shop, people)
    steps.bring_in(app, client, shop, b"customer_id,date,amount\n1,2026-01-02,5.00\n", "PURCHASES")
    with inside(app, shop):
        bo = db.session.scalars(select(Customer).where(Customer.external_id == "2")).one()
        facts = replace(facts_of(bo, CustomerFacts), first_name="Bo")
        customers.edit(bo.id, facts, version=bo.version, by=shop.actor(), at=clock.now())
        db.session.commit()
    steps.undo(app, client, shop, run.id)
    with inside(app, shop):
        assert set(db.session.scalars(select(Customer.external_id))) == {"1", "2"}
    page = client.get(shop.url(f"/imports/{run.id}")).text
    assert "2 stay, because something has happened with them since" in page
    again = steps.bring_in(app, client, shop, people)
    assert steps.counts(again) == (1, 2, 0)


def test_a_killed_worker_loses_nothing_and_doubles_nothing(
    app: Flask, as_admin: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    days = [f"1,2025-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 9}.00\n" for n in range(16_000)]
    content = ("customer_id,date,amount\n" + "".join(days)).encode()
    import_id = steps.upload(client, shop, content, "PURCHASES")
    steps.check(app, client, shop, import_id)
    assert client.post(shop.url(f"/imports/{import_id}/run")).status_code == 303
    killed_at = kill_a_worker(app, lambda: steps.run_of(app, shop, import_id).place, tmp_path)
    assert 0 < killed_at < 16_000
    go_on(app, as_admin)
    run = steps.run_of(app, shop, import_id)
    assert (run.state, steps.counts(run)) == (ImportState.DONE, (16_000, 0, 0))
    expected = sum(n % 9 for n in range(16_000))
    assert run.points == expected
    assert balances(app, shop) == [(expected, expected, expected)]
    with inside(app, shop):
        assert db.session.execute(
            text("SELECT count(*), sum(purchase_count) FROM purchases, customers")
        ).scalars().first() == 16_000  # fmt: skip
    assert in_order(app, shop)


def test_a_killed_undo_goes_on_where_it_was(
    app: Flask, as_admin: psycopg.Connection[tuple[object, ...]], tmp_path: Path
) -> None:
    """I2."""
    shop = make_shop(app)
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    days = [f"1,2025-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 9}.00\n" for n in range(4_000)]
    content = ("customer_id,date,amount\n" + "".join(days)).encode()
    run = steps.bring_in(app, client, shop, content, "PURCHASES")
    steps.press_button(app, shop, run.id, "Undo this import")
    undone = select(func.count(Purchase.undone_at))

    def gone() -> int:
        with inside(app, shop):
            return db.session.scalar(undone) or 0

    assert 0 < kill_a_worker(app, gone, tmp_path) < 4_000
    assert in_order(app, shop)
    go_on(app, as_admin)
    assert steps.run_of(app, shop, run.id).state is ImportState.UNDONE
    assert gone() == 4_000
    assert balances(app, shop) == [(0, 0, 0)]
    assert in_order(app, shop)


def test_an_undo_that_failed_half_way_says_what_was_kept(
    app: Flask, as_admin: psycopg.Connection[tuple[object, ...]]
) -> None:
    """D12. It said that nothing half done was kept, with half of the purchases voided."""
    shop = make_shop(app)
    client = as_role(app, shop)
    make_customer(app, shop, external_id="1")
    days = [f"1,2025-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 9}.00\n" for n in range(undo.STEP + 50)]
    content = ("customer_id,date,amount\n" + "".join(days)).encode()
    run = steps.bring_in(app, client, shop, content, "PURCHASES")
    steps.press_button(app, shop, run.id, "Undo this import")
    done: list[str] = []

    def fails(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.startswith("UPDATE purchases SET undone_at"):
            done.append(statement)
            if len(done) > 1:
                raise ConnectionError("the database has gone")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", fails)
    try:
        for _ in range(4):
            worker.run_until_idle(app)
            as_admin.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL")
    finally:
        event.remove(engine, "before_cursor_execute", fails)
    page = client.get(shop.url(f"/imports/{run.id}")).text
    assert "What was done so far is kept. Go on where it stopped." in page
    jobs_page = client.get(shop.url("/background-work/")).text
    assert "What was finished until then is kept" in jobs_page
    assert "Nothing half done" not in jobs_page
    steps.press_button(app, shop, run.id, "Go on")
    worker.run_until_idle(app)
    assert steps.run_of(app, shop, run.id).state is ImportState.UNDONE
    assert balances(app, shop) == [(0, 0, 0)]
    assert in_order(app, shop)


def go_on(app: Flask, as_admin: psycopg.Connection[tuple[object, ...]]) -> None:
    as_admin.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '1 hour'")
    with app.app_context():
        worker.take_up(app)
    worker.run_until_idle(app)


def kill_a_worker(app: Flask, how_far: Callable[[], int], folder: Path) -> int:
    """Kill a worker as soon as it has got somewhere; how far it was."""
    environment = {
        name: str(app.config[name])
        for name in ("DATABASE_URL", "WORKER_DATABASE_URL", "SECRET_KEY")
    } | {"INSTANCE": str(folder), "PYTHONPATH": str(ROOT), "PROCESS_KIND": "worker"}
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "worker"]
    worker = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while how_far() == 0 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    return how_far()
