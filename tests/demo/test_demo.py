"""The demo business: loads once, is sound, and shows every state."""

from typing import Any

from flask import Flask

from nxloy_web import clock
from nxloy_web.demo import cast, service
from nxloy_web.ledger import check
from nxloy_web.tables.redemptions import RedemptionStatus
from tests.factories import inside


def test_it_loads_once_and_its_ledger_adds_up(app: Flask, as_admin: Any) -> None:
    runner = app.test_cli_runner()
    loaded = runner.invoke(args=["demo"])
    assert loaded.exit_code == 0, loaded.output
    assert f"{cast.OWNER[1]}  password {cast.PASSWORD}" in loaded.output
    before = as_admin.execute("SELECT count(*), max(id) FROM point_transactions").fetchone()
    with app.app_context():
        assert service.load(clock.now()) is False
    assert as_admin.execute("SELECT count(*), max(id) FROM point_transactions").fetchone() == before

    (business_id,) = as_admin.execute(
        "SELECT id FROM businesses WHERE slug = %s", (cast.SLUG,)
    ).fetchone()
    with inside(app, business_id):
        assert list(check.problems(business_id)) == []
    states = as_admin.execute(
        "SELECT DISTINCT status FROM reward_redemptions WHERE business_id = %s", (business_id,)
    ).fetchall()
    assert {state for (state,) in states} == {status.value for status in RedemptionStatus}
    waiting = as_admin.execute(
        "SELECT count(*) FROM jobs.procrastinate_jobs WHERE task_name LIKE 'mail.%%'"
    ).fetchone()
    assert waiting == (0,)
