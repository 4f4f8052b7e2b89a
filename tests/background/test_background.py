"""The page of background work."""

from flask import Flask

from nxloy_web import clock
from nxloy_web.db import db
from nxloy_web.permissions import Role
from nxloy_web.tables.jobs import JobRun, JobState
from tests.factories import as_role, inside, make_shop, sign_in


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


def test_only_those_who_may_see_it(app: Flask) -> None:
    shop, other = make_shop(app), make_shop(app)
    url = shop.url("/background-work/")
    assert as_role(app, shop, Role.ANALYST).get(url).status_code == 200
    assert as_role(app, shop, Role.STAFF).get(url).status_code == 403
    stranger = app.test_client()
    sign_in(stranger, other.owner_id)
    assert stranger.get(url).status_code == 404
