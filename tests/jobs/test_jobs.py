"""Background work with a real worker on a real queue."""

import re
from pathlib import Path
from typing import Any

from flask import Flask
from procrastinate.exceptions import JobAborted
from sqlalchemy import select

from nxloy_web import clock, job_runs, jobs, tasks, worker
from nxloy_web.db import db
from nxloy_web.tables.businesses import Location
from nxloy_web.tables.jobs import JobRun, JobState
from tests.factories import inside, make_shop

ROOT = Path(__file__).parents[2]


@jobs.task("tests.name_a_shop", retry=0)
def name_a_shop(name: str) -> None:
    db.session.add(Location(name=name))
    jobs.progress(1, 1)


@jobs.task("tests.fail", retry=0)
def fail() -> None:
    db.session.add(Location(name="Half done"))
    db.session.flush()
    raise RuntimeError("on purpose")


@jobs.task("tests.fail_once", retry=2)
def fail_once() -> None:
    raise RuntimeError("on purpose")


@jobs.task("tests.pause")
def pause() -> None:
    raise JobAborted


@jobs.task("tests.chain", retry=0)
def chain() -> None:
    jobs.enqueue(name_a_shop, name="Second")


def names(app: Flask, shop: object) -> list[str]:
    with inside(app, shop):  # type: ignore[arg-type]
        return list(db.session.scalars(select(Location.name).order_by(Location.name)))


def states(app: Flask, shop: object) -> list[tuple[JobState, str | None]]:
    with inside(app, shop):  # type: ignore[arg-type]
        runs = db.session.scalars(select(JobRun).order_by(JobRun.id))
        return [(run.state, run.error) for run in runs]


def test_a_job_runs_after_its_transaction_commits(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue_shown(name_a_shop, None, name="Harbour")
        db.session.commit()
    assert states(app, shop) == [(JobState.WAITING, None)]
    worker.run_until_idle(app)
    assert names(app, shop) == ["Harbour", "Quayside"]
    with inside(app, shop):
        run = db.session.scalars(select(JobRun)).one()
        assert (run.state, run.done, run.total) == (JobState.DONE, 1, 1)
        assert run.finished_at is not None


def test_a_job_of_a_rolled_back_transaction_is_gone(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue_shown(name_a_shop, None, name="Harbour")
        db.session.rollback()
    worker.run_until_idle(app)
    assert names(app, shop) == ["Quayside"]
    assert states(app, shop) == []


def test_a_job_that_fails_leaves_nothing_and_says_so(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue_shown(fail, None)
        db.session.commit()
    worker.run_until_idle(app)
    assert names(app, shop) == ["Quayside"]
    assert states(app, shop) == [(JobState.FAILED, job_runs.FAILED)]


def test_a_job_that_will_be_tried_again_waits(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue_shown(fail_once, None)
        db.session.commit()
    worker.run_until_idle(app)
    assert states(app, shop) == [(JobState.WAITING, job_runs.AGAIN)]


BROKEN = True


@jobs.every("0 4 1 1 *")
@jobs.task("tests.by_the_clock", retry=0)
def by_the_clock() -> None:
    if BROKEN:
        raise RuntimeError("on purpose")


def test_work_that_nobody_followed_is_seen_once_it_fails(app: Flask) -> None:
    """D12: the failures of scheduled jobs were seen by nobody."""
    shop, other = make_shop(app), make_shop(app)
    with inside(app, shop):
        jobs.enqueue(fail_once)
        db.session.commit()
    worker.run_until_idle(app)
    with inside(app, shop):
        run = db.session.scalars(select(JobRun)).one()
        assert (run.kind, run.tries) == ("tests.fail_once", 1)
        assert run.next_at is not None
        assert jobs.again(run.job_id) == run.job_id
        db.session.commit()
    worker.run_until_idle(app)
    assert states(app, shop) == [(JobState.WAITING, job_runs.AGAIN)], "the same row"
    with inside(app, shop):
        assert db.session.scalars(select(JobRun)).one().tries == 2
    assert states(app, other) == []


def test_what_runs_by_the_clock_makes_up_for_its_failures(app: Flask, monkeypatch: Any) -> None:
    """D12"""
    shop = make_shop(app)
    for is_broken, state in ((True, JobState.FAILED), (False, JobState.DONE)):
        monkeypatch.setitem(globals(), "BROKEN", is_broken)
        with inside(app, shop):
            jobs.enqueue(by_the_clock)
            db.session.commit()
        worker.run_until_idle(app)
        assert [now for now, _ in states(app, shop)] == [state]


def test_nobody_has_a_job_of_another_business_tried_again(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    with inside(app, shop):
        run = jobs.enqueue_shown(name_a_shop, None, name="Harbour")
        job_id = run.job_id
        db.session.commit()
    with inside(app, other):
        assert jobs.again(job_id) is None
    worker.run_until_idle(app)


def test_a_job_can_queue_another_one(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue(chain)
        db.session.commit()
    worker.run_until_idle(app)
    assert names(app, shop) == ["Quayside", "Second"]


def test_jobs_of_two_businesses_stay_apart(app: Flask) -> None:
    one, other = make_shop(app), make_shop(app)
    for shop, name in ((one, "One"), (other, "Other")):
        with inside(app, shop):
            jobs.enqueue(name_a_shop, name=name)
            db.session.commit()
    worker.run_until_idle(app)
    assert names(app, one) == ["One", "Quayside"]
    assert names(app, other) == ["Other", "Quayside"]


def test_a_waiting_job_of_a_lock_is_not_queued_twice(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        arguments = {"business_id": shop.business_id, "name": "Once"}
        first = jobs._defer("tests.name_a_shop", arguments=arguments, lock="once")
        second = jobs._defer("tests.name_a_shop", arguments=arguments, lock="once")
        db.session.commit()
    assert first is not None
    assert second is None
    worker.run_until_idle(app)
    assert names(app, shop) == ["Once", "Quayside"]


def test_a_paused_job_goes_on_without_using_up_its_tries() -> None:
    strategy = jobs._Retry(max_attempts=1)
    job = jobs.Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=9)
    assert strategy.get_retry_decision(exception=JobAborted(), job=job) is not None
    assert strategy.get_retry_decision(exception=ValueError(), job=job) is None


def test_mail_is_tried_for_a_day() -> None:
    """X6: the mail server was away for 65 minutes, and after six tries the mail was lost."""
    (mail,) = [task for name, task in jobs.queue.tasks.items() if name == "mail.deliver"]
    waited = []
    for attempts in range(100):
        job = jobs.Job(
            id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts
        )
        decision = mail.retry_strategy.get_retry_decision(exception=OSError(), job=job)
        if decision is None:
            break
        waited.append((decision.retry_at - clock.now()).total_seconds())
    assert sum(waited[:4]) < 15 * 60
    assert max(waited) <= 3_600
    assert 23 * 3_600 < sum(waited) < 25 * 3_600


def test_the_worker_knows_every_task() -> None:
    tasks.load()
    names = re.compile(r'^@(?:jobs\.)?(?:open_)?task\(\s*"([^"]+)"', re.MULTILINE)
    declared = {
        name
        for path in (ROOT / "nxloy_web").rglob("*.py")
        for name in names.findall(path.read_text())
    }
    assert declared <= set(jobs.queue.tasks)
