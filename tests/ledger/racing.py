"""Two at once, on real locks: the second is started once the first has its lock, and the first
commits once PostgreSQL says that the second is waiting. No guessing with milliseconds."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from flask import Flask

from nxloy_web.db import db
from tests.factories import Shop, inside

PATIENCE = 20.0
Verb = Callable[[], Any]


@dataclass
class Outcome:
    """What a racer got: a value, or what it was refused with."""

    value: Any = None
    error: BaseException | None = None


def race(
    app: Flask, shop: Shop, admin: psycopg.Connection[Any], first: Verb, second: Verb
) -> tuple[Outcome, Outcome]:
    """Run both, the first one a step ahead. Each has its own thread, session and scope."""
    done, may_commit = threading.Event(), threading.Event()
    outcomes = Outcome(), Outcome()

    def go_first() -> None:
        done.set()
        assert may_commit.wait(PATIENCE)

    threads = [
        threading.Thread(target=_run, args=(app, shop, first, outcomes[0], go_first)),
        threading.Thread(target=_run, args=(app, shop, second, outcomes[1], lambda: None)),
    ]
    threads[0].start()
    assert done.wait(PATIENCE), outcomes[0].error
    threads[1].start()
    try:
        wait_until_one_waits(admin)
    finally:
        may_commit.set()
        for thread in threads:
            thread.join(PATIENCE)
    return outcomes


def wait_until_one_waits(admin: psycopg.Connection[Any]) -> None:
    """Until a session of this database is queued for a lock that another holds."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        row = admin.execute(
            "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE NOT l.granted AND a.datname = current_database()"
        ).fetchone()
        if row and row[0]:
            return
        time.sleep(0.01)
    raise AssertionError("nobody waits for a lock")


def all_at_once(app: Flask, shop: Shop, verbs: list[Verb]) -> list[Outcome]:
    """Run all of them from the same moment on."""
    start = threading.Barrier(len(verbs))
    outcomes = [Outcome() for _ in verbs]

    def run(verb: Verb, outcome: Outcome) -> None:
        start.wait(PATIENCE)
        _run(app, shop, verb, outcome, lambda: None)

    threads = [
        threading.Thread(target=run, args=pair) for pair in zip(verbs, outcomes, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE * 2)
    return outcomes


def locked(admin: psycopg.Connection[Any], table: str, shop: Shop) -> set[str]:
    """The rows of a shop that an open transaction holds."""
    everything = f"SELECT id FROM nx.{table} WHERE business_id = %s"
    with admin.transaction(force_rollback=True):
        free = admin.execute(f"{everything} FOR UPDATE SKIP LOCKED", [shop.business_id])
        left = {row[0] for row in free}
        return {row[0] for row in admin.execute(everything, [shop.business_id])} - left


def _run(
    app: Flask, shop: Shop, verb: Verb, outcome: Outcome, before_commit: Callable[[], None]
) -> None:
    try:
        with inside(app, shop):
            try:
                outcome.value = verb()
                before_commit()
                db.session.commit()
            except BaseException:
                db.session.rollback()
                raise
    except BaseException as error:
        outcome.error = error
