"""The page of background work. D12, X5, X6."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from nxloy_web import clock, jobs, pulse, worker
from nxloy_web.customers.letters import WelcomeWords
from nxloy_web.db import db
from nxloy_web.mail import service
from nxloy_web.permissions import Role
from nxloy_web.tables.jobs import JobRun, JobState
from tests.factories import Shop, as_role, inside, make_shop, make_user, sign_in
from tests.pressing import browser_as, browser_of, buttons_of, hostile_post, press, words_of

LETTER = WelcomeWords(subject="Your card", business_name="Luna", name="Zoe", link="https://x")
HEALS = {"now": False}


@jobs.task("tests.background", retry=0)
def breaks_until_it_heals() -> None:
    if not HEALS["now"]:
        raise RuntimeError("Zoe Berg, zoe@example.com, has no card")


@pytest.fixture
def away(app: Flask) -> Iterator[None]:
    """The mail server is away."""
    app.config["SMTP_URL"] = "smtp://127.0.0.1:1"
    yield
    app.config["SMTP_URL"] = None


def write(app: Flask, shop: Shop, *recipients: str) -> None:
    with inside(app, shop):
        for recipient in recipients:
            service.send(recipient, LETTER)
        db.session.commit()


def beat(app: Flask, **ok: bool) -> None:
    with app.app_context():
        for name, is_ok in ok.items():
            if is_ok:
                pulse.is_well(name)
            else:
                pulse.has_failed(name, "The mail server answered 554: no.")
        db.session.commit()
        db.session.remove()


def test_the_page_shows_what_runs_and_asks_again_while_it_does(app: Flask) -> None:
    shop = make_shop(app)
    client = as_role(app, shop)
    url = shop.url("/background-work/")
    assert "Nothing has run yet" in client.get(url).text
    with inside(app, shop):
        facts = {"state": JobState.RUNNING, "done": 3, "total": 10, "started_at": clock.now()}
        run = JobRun(kind="imports.run", **facts)
        db.session.add(run)
        db.session.commit()
        run_id = run.id
    page = client.get(url, headers={"HX-Request": "true"}).text
    assert "<html" not in page
    assert "Bring in an import" in page
    assert "every 2s" in page
    assert '<progress value="3" max="10"' in page
    with inside(app, shop):
        row = db.session.get_one(JobRun, (shop.business_id, run_id))
        row.state, row.error = JobState.FAILED, "This stopped."
        db.session.commit()
    page = client.get(url).text
    assert "This stopped." in page
    assert "every 2s" not in page


@pytest.mark.usefixtures("nothing_seen")
def test_it_says_whether_anything_takes_up_work_and_mail_goes_out(app: Flask) -> None:
    """X5: no worker for an hour, and nothing said why."""
    shop = make_shop(app)
    owner, staff = browser_as(app, shop), browser_as(app, shop, Role.STAFF)
    for path in ("/", "/background-work/"):
        assert "Nothing has ever taken up work here." in words_of(owner.get(shop.url(path)).text)
    assert "stands still" not in words_of(staff.get(shop.url("/")).text)
    beat(app, worker=True, mail=False)
    for path in ("/", "/background-work/"):
        said = words_of(owner.get(shop.url(path)).text)
        assert "Mail does not go out" in said
        assert "The mail server answered 554: no." in said
        assert "stands still" not in said
    beat(app, mail=True)
    assert "Mail does not go out" not in words_of(owner.get(shop.url("/")).text)
    said = words_of(owner.get(shop.url("/background-work/")).text)
    assert "At work" in said
    assert "Goes out" in said
    assert "It last failed" in said


@pytest.mark.usefixtures("nothing_seen")
def test_who_waits_for_a_code_is_told_that_mail_is_late(app: Flask) -> None:
    """X5: codes never arrived, and nothing said why."""
    shop = make_shop(app)
    browser = browser_of(app)
    page = press(browser.get(shop.portal("/sign-in")), "Send me a code", email="x@example.com")
    assert "Mails go out late" in words_of(page.text)
    beat(app, worker=True, mail=True)
    assert "Mails go out late" not in words_of(browser.get(shop.portal("/code")).text)


def test_failed_work_is_tried_again_and_once(app: Flask, monkeypatch: Any) -> None:
    """D12: its reason names nobody."""
    shop, other = make_shop(app), make_shop(app)
    with inside(app, shop):
        jobs.enqueue(breaks_until_it_heals)
        db.session.commit()
    worker.run_until_idle(app)
    owner = browser_as(app, shop)
    assert "Background work that failed" in words_of(owner.get(shop.url("/")).text)
    failed = owner.get(shop.url("/background-work/?view=failed"))
    assert "Tests background" in words_of(failed.text)
    assert "error on our side" in words_of(failed.text)
    assert not re.search("zoe", words_of(failed.text), re.IGNORECASE)
    for theirs in ("/background-work/", "/background-work/?view=failed"):
        assert "Tests background" not in browser_as(app, other).get(other.url(theirs)).text
    monkeypatch.setitem(HEALS, "now", True)
    for _ in range(2):
        page = press(failed, "Try again Tests background")
        assert "It is tried again." in page.text
    worker.run_until_idle(app)
    again = owner.get(shop.url("/background-work/?view=failed"))
    assert "Nothing has failed" in words_of(again.text)
    with inside(app, shop):
        (run,) = db.session.query(JobRun).all()
        assert (run.state, run.tries) == (JobState.DONE, 1)


def test_work_that_the_queue_has_forgotten_says_so(app: Flask) -> None:
    shop = make_shop(app)
    with inside(app, shop):
        db.session.add(JobRun(kind="tests.background", state=JobState.FAILED, job_id=2**40))
        db.session.commit()
    page = browser_as(app, shop).get(shop.url("/background-work/"))
    assert "too long ago" in words_of(press(page, "Try again Tests background").text)


@pytest.mark.usefixtures("away")
def test_unsent_mail_is_listed_with_its_reason_and_tried_now(app: Flask) -> None:
    """X6: mail was lost in silence."""
    shop, other = make_shop(app), make_shop(app)
    write(app, shop, "zoe@example.com")
    write(app, other, "ann@example.com")
    owner = browser_as(app, shop)
    assert "zoe@example.com" in words_of(owner.get(shop.url("/background-work/")).text)
    worker.run_until_idle(app)
    page = owner.get(shop.url("/background-work/"))
    said = words_of(page.text)
    assert "zoe@example.com Your card" in said
    assert "The mail server could not be reached." in said
    assert "ann@example.com" not in said
    app.config["SMTP_URL"] = None
    for _ in range(2):
        assert "The mail is tried again." in press(page, "Try now zoe@example.com").text
    worker.run_until_idle(app)
    assert "This mail does not wait any more." in press(page, "Try now zoe@example.com").text
    assert "All mail is out" in words_of(owner.get(shop.url("/background-work/")).text)


def test_a_long_list_of_mail_costs_as_much_as_a_short_one(app: Flask, statements: Any) -> None:
    shop = make_shop(app)
    owner = browser_as(app, shop)
    address = shop.url("/background-work/")
    with statements() as few:
        owner.get(address)
    write(app, shop, *(f"person{number:02}@example.com" for number in range(30)))
    with statements() as many:
        first = owner.get(address)
    assert len(many) == len(few)
    assert "person24@" in words_of(first.text)
    assert "person25@" not in words_of(first.text)
    second = words_of(first.click("Next").text)
    assert "person25@" in second
    assert "person29@" in second
    assert "person24@" not in second
    worker.run_until_idle(app)


def test_who_only_looks_cannot_press(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    with inside(app, shop):
        run = JobRun(kind="tests.background", state=JobState.FAILED)
        db.session.add(run)
        db.session.commit()
        run_id = run.id
    analyst = browser_as(app, shop, Role.ANALYST)
    page = analyst.get(shop.url("/background-work/"))
    assert "Tests background" in words_of(page.text)
    assert not [button for button in buttons_of(page) if button.startswith("Try")]
    path = f"/background-work/{run_id}/again"
    assert hostile_post(analyst, "no right", shop.url(path)).status_code == 403
    stranger = browser_as(app, other)
    assert hostile_post(stranger, "a stranger", shop.url(path)).status_code == 404
    assert hostile_post(stranger, "a stranger", other.url(path)).status_code == 404


@pytest.mark.usefixtures("nothing_seen", "away")
def test_the_operator_sees_the_installation_and_nobody(app: Flask) -> None:
    """D12, X5, X6"""
    shop = make_shop(app)
    with inside(app, shop):
        jobs.enqueue(breaks_until_it_heals)
        db.session.commit()
    write(app, shop, "zoe@example.com")
    worker.run_until_idle(app)
    operator = browser_of(app, make_user(app, is_operator=True))
    said = words_of(operator.get("/operator/background-work").text)
    assert "No worker is alive" in said
    assert "The mail server fails" in said
    assert "The mail server could not be reached." in said
    assert "Tests background" in said
    assert "Send a mail" in said
    assert "zoe@" not in said
    assert shop.slug not in said
    beat(app, worker=True)
    assert "A worker is alive" in words_of(operator.get("/operator/background-work").text)
    assert browser_as(app, shop).get("/operator/background-work", status="*").status_code == 404


def test_only_those_who_may_see_it(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    url = shop.url("/background-work/")
    assert as_role(app, shop, Role.ANALYST).get(url).status_code == 200
    assert as_role(app, shop, Role.STAFF).get(url).status_code == 403
    stranger = app.test_client()
    sign_in(stranger, other.owner_id)
    assert stranger.get(url).status_code == 404
