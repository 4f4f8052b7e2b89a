"""I11: a check and an import can be stopped, a file can be discarded, and goes away by itself."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import event, func, select

from nxloy_web import clock, worker
from nxloy_web.db import db
from nxloy_web.imports import leaving, runs
from nxloy_web.ledger.check import problems
from nxloy_web.permissions import Role
from nxloy_web.tables.customers import Customer
from nxloy_web.tables.imports import ImportLine, ImportState, UploadedFile
from nxloy_web.tables.purchases import Purchase
from tests.factories import Shop, as_role, inside, make_customer, make_shop
from tests.imports import steps
from tests.pressing import browser_as, hostile_post, press

PEOPLE = b"id,email,name\n11,ann@example.com,Ann Lee\n12,bo@example.com,Bo\n13,,Nobody\n"
LINES = runs.BATCH + 500


def many_lines() -> bytes:
    days = (f"1,2025-{n % 12 + 1:02}-{n % 28 + 1:02},{n % 9 + 1}.00\n" for n in range(LINES))
    return ("customer_id,date,amount\n" + "".join(days)).encode()


@pytest.fixture
def shop(app: Flask) -> Shop:
    shop = make_shop(app)
    make_customer(app, shop, external_id="1")
    return shop


def test_a_stopped_import_keeps_what_is_in_and_goes_on(app: Flask, shop: Shop) -> None:
    """I11."""
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, many_lines(), "PURCHASES")
    steps.check(app, client, shop, import_id)
    steps.begin(client, shop, import_id)
    one_batch_then(app, shop, import_id, "Stop")
    run = steps.run_of(app, shop, import_id)
    assert (run.state, run.place, run.created_rows) == (ImportState.STOPPED, runs.BATCH, runs.BATCH)
    page = client.get(shop.url(f"/imports/{import_id}")).text
    assert "Stopped at line 4,000 of 4,500" in page
    steps.press_button(app, shop, import_id, "Go on")
    worker.run_until_idle(app)
    run = steps.run_of(app, shop, import_id)
    assert (run.state, steps.counts(run)) == (ImportState.DONE, (LINES, 0, 0))
    with inside(app, shop):
        assert db.session.scalar(select(func.count(Purchase.id))) == LINES
    with app.app_context():
        assert problems(shop.business_id) == []


def test_an_import_that_is_stopped_and_taken_back_leaves_nothing(app: Flask, shop: Shop) -> None:
    """I11."""
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, many_lines(), "PURCHASES")
    steps.check(app, client, shop, import_id)
    steps.begin(client, shop, import_id)
    one_batch_then(app, shop, import_id, "Stop and take back")
    run = steps.run_of(app, shop, import_id)
    assert (run.state, run.created_rows) == (ImportState.UNDONE, runs.BATCH)
    with inside(app, shop):
        left = select(func.count(Purchase.id)).where(Purchase.undone_at.is_(None))
        assert db.session.scalar(left) == 0
        assert db.session.scalar(select(func.sum(Customer.purchase_count))) == 0


def test_a_stopped_check_can_be_started_again(app: Flask, shop: Shop) -> None:
    """I11."""
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, many_lines(), "PURCHASES")
    steps.match(client, shop, import_id)
    one_batch_then(app, shop, import_id, "Stop the check")
    assert steps.run_of(app, shop, import_id).state is ImportState.UPLOADED
    run = steps.check(app, client, shop, import_id)
    assert (run.state, steps.counts(run)) == (ImportState.CHECKED, (LINES, 0, 0))
    assert run.totals.amount_minor == sum((n % 9 + 1) * 100 for n in range(LINES))


def one_batch_then(app: Flask, shop: Shop, import_id: str, button: str) -> None:
    """Let a worker work, and press a button of the page as soon as one batch is in."""
    pressed: list[str] = []

    def press() -> None:
        if steps.run_of(app, shop, import_id).place == runs.BATCH:
            steps.press_button(app, shop, import_id, button)
            pressed.append(button)

    def meanwhile(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not pressed and "unnest" in statement:
            # In a thread of its own, as another process: this one is inside a job.
            with ThreadPoolExecutor(1) as somebody:
                somebody.submit(press).result()

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", meanwhile)
    try:
        worker.run_until_idle(app)
    finally:
        event.remove(engine, "before_cursor_execute", meanwhile)
    assert pressed == [button]


def test_a_discarded_file_is_gone_with_what_its_lines_said(app: Flask, shop: Shop) -> None:
    """I11."""
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, PEOPLE)
    steps.check(app, client, shop, import_id)
    url = shop.url(f"/imports/{import_id}")
    page = browser_as(app, shop).get(url)
    press(page, "Discard the file")
    press(page, "Discard the file")  # twice
    worker.run_until_idle(app)
    assert kept_of(app, shop, import_id) == (b"", 0)
    assert steps.run_of(app, shop, import_id).state is ImportState.DISCARDED
    page = client.get(url).text
    assert "ann@example.com" not in page
    assert "Nothing of it came in" in page
    assert client.get(f"{url}/columns").status_code == 303
    for step in ("run", "again", "undo"):
        answer = hostile_post(browser_as(app, shop), "no such state", f"{url}/{step}")
        assert answer.status_int == 409
    assert client.get(shop.url("/imports/")).status_code == 200


def test_what_came_in_stays_and_can_be_undone_without_its_file(app: Flask, shop: Shop) -> None:
    """I11."""
    client = as_role(app, shop)
    run = steps.bring_in(app, client, shop, PEOPLE)
    assert steps.counts(run) == (2, 0, 1)
    steps.press_button(app, shop, run.id, "Discard the file")
    worker.run_until_idle(app)
    assert kept_of(app, shop, run.id) == (b"", 2)
    with inside(app, shop):
        said = db.session.execute(select(ImportLine.raw, ImportLine.reason)).all()
        assert {tuple(row) for row in said} == {(None, None)}
    # The same file again is still known, and what it made can still be taken back.
    again = steps.check(app, client, shop, steps.upload(client, shop, PEOPLE))
    assert steps.counts(again) == (0, 2, 1)
    assert steps.undo(app, client, shop, run.id).state is ImportState.UNDONE
    with inside(app, shop):
        assert db.session.scalar(select(func.count(Customer.id))) == 1


def test_files_go_away_by_themselves_after_thirty_days(
    app: Flask, shop: Shop, as_admin: psycopg.Connection[Any]
) -> None:
    """I11. Whatever became of the import, also when its job was given up."""
    client = as_role(app, shop)
    old, done, young = (steps.upload(client, shop, PEOPLE) for _ in range(3))
    steps.check(app, client, shop, done)
    steps.start(app, client, shop, done)
    steps.match(client, shop, old)
    page = client.get(shop.url(f"/imports/{done}")).text
    assert "The file and what its lines said are deleted on" in page
    aged = clock.now() - leaving.KEPT - timedelta(minutes=1)
    as_admin.execute(
        "UPDATE uploaded_files SET created_at = %s WHERE id = ANY(%s)", [aged, [old, done]]
    )
    with inside(app, shop):
        leaving.take_old_files_away()
        db.session.commit()
    worker.run_until_idle(app)
    assert kept_of(app, shop, old) == (b"", 0)
    assert kept_of(app, shop, done) == (b"", 2)
    assert kept_of(app, shop, young)[0] == PEOPLE
    assert steps.run_of(app, shop, old).state is ImportState.DISCARDED
    assert steps.run_of(app, shop, done).state is ImportState.DONE


def test_who_may_only_look_may_not_stop_or_discard(app: Flask, shop: Shop) -> None:
    """I11."""
    import_id = steps.upload(as_role(app, shop), shop, PEOPLE)
    analyst = as_role(app, shop, Role.ANALYST)
    for step in ("stop", "discard"):
        url = shop.url(f"/imports/{import_id}/{step}")
        answer = hostile_post(browser_as(app, shop, Role.ANALYST), "no right", url)
        assert answer.status_int == 403
    assert "Discard" not in analyst.get(shop.url(f"/imports/{import_id}")).text


def test_what_is_at_work_is_stopped_before_it_is_discarded(app: Flask, shop: Shop) -> None:
    """I11."""
    client = as_role(app, shop)
    import_id = steps.upload(client, shop, PEOPLE)
    steps.match(client, shop, import_id)
    url = shop.url(f"/imports/{import_id}")
    answer = hostile_post(browser_as(app, shop), "no such state", f"{url}/discard")
    assert answer.status_int == 409
    assert "Stop it first" in answer.text
    steps.press_button(app, shop, import_id, "Stop the check")
    steps.press_button(app, shop, import_id, "Discard the file")
    worker.run_until_idle(app)
    assert steps.run_of(app, shop, import_id).state is ImportState.DISCARDED


def kept_of(app: Flask, shop: Shop, import_id: str) -> tuple[bytes, int]:
    """What is left of the file, and how many of its lines."""
    with inside(app, shop):
        content = db.session.scalar(
            select(UploadedFile.content).where(UploadedFile.id == import_id)
        )
        lines = select(func.count()).where(ImportLine.run_id == import_id)
        assert content is not None
        return bytes(content), db.session.scalar(lines) or 0
